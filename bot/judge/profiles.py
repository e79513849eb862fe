"""Words that give a language away, written for the offline judge's language check."""

from __future__ import annotations

from bot.judge.words import words

# Further languages that members write in, for telling them apart only.
MORE_FUNCTION_WORDS: dict[str, frozenset[str]] = {
    "fi": words(
        """ja tai mutta etta kun jos niin kuin on ovat oli olivat ei eivat se ne tama nama joka
        jotka han he mina sina myos vain seka koska kanssa ilman jalkeen ennen kaikki voi
        voivat voidaan mita miten jolloin eli sen niiden naita"""
    ),
    "hu": words(
        """az es egy hogy nem is ha de vagy mert van vannak volt lesz ez ezt azt amely ami aki
        amelyek csak mint meg minden altal alatt kozott utan elott nelkul lehet kell igy
        ezert nagyon tobb ahol amikor"""
    ),
    "vi": words(
        """va la cua cac mot nhung khong duoc co cho trong voi de nay khi hoac nhu tu se da den
        cung vao theo bang neu vi hon moi thi dung"""
    ),
    "hi-Latn": words(
        """hai hain ko ka ki ke se aur mein nahi nahin kar karta karte karti hota hoti hote
        liye ye yeh woh jo bhi tha par kya kyunki toh sirf apne isse iska uske unke sabhi"""
    ),
    "hr": words(
        """i u na je se su za od da ne ili ali kao koji koja koje sto kako ako nego samo svi sve
        bi nije ima ubrzava usporava pretrazivanje upise tablicu posluzitelj klijent salje
        odgovara kljuc podatke jer kada"""
    ),
    "sk": words(
        """a aj ale alebo ako ked ktory ktora ktore je su nie na pre pri sa si so zo do od po ze
        tak len vsetky moze zrychluje spomaluje vyhladavanie zapisy odosle kluc udaje"""
    ),
    "ca": words(
        """el la els les i o pero no que de del dels al als amb per en un una es son mes com quan
        si aquest aquesta accelera cerques escriptures dades xarxa clau"""
    ),
    "sw": words("na ya wa kwa ni la za katika lakini au kama kwamba hii huo cha vya huharakisha"),
    "tl": words("ang ng mga sa na ay pero para hindi kung ito iyon paghahanap"),
    "no": words(
        """og eller men hvis at som det den de en et ei i pa av for med til fra uten over under
        mellom gjennom ved ikke er var vaere blir har hadde kan skal ma jeg du han hun vi
        seg sin denne dette disse hver alle mye mer mindre ogsa bare nar hvordan hvorfor
        fordi sa der her"""
    ),
}

# Words of a study reply about models that are spelt unlike the English ones (accents folded).
STUDY_WORDS: dict[str, frozenset[str]] = {
    "de": words(
        """modell gewichte basisgewichte schicht schichten daten trainiert lernt nutzt verwendet
        friert eingefroren kleine matrizen berechnet wort worter satz antwort frage
        abfrage gibt holt liefert braucht grosse parallel wissen fragen weil ergebnis
        sendet antwortet schickt bedeutet misst lernen speichert speichern findet heisst
        verschlusselt verbindung schlussel datenbank tabelle zeile zeilen spalte
        abfragen anfrage schneller langsamer rechner nachricht nachrichten fehler
        verlust genauigkeit speicher wenige grosser kleiner wieder zuerst danach
        schliesslich niemals immer beispiel beispiele vergleicht sucht beschleunigt
        verhindert schutzt baum modelle trainingsdaten auswendig falsche treffer
        verpasste werden"""
    ),
    "fr": words(
        """modele poids couche couches donnees entraine apprend utilise gele geles matrices calcule
        mot mots phrase reponse requete cherche recupere ajoute permet petites reseau
        lieu connaissances faut envoie repond serveur puis ensuite cle cles donnee ligne
        lignes colonne arbre recherche lectures ecritures rapide lentes erreur perte
        memoire adresse requetes chiffre signifie apprentissage entrainement bruit
        exemple exemples nouveaux deux trois toujours jamais valeur valeurs ralentit
        accelere utiliser eviter recoit"""
    ),
    "es": words(
        """modelo pesos capa capas datos entrena aprende usa utiliza congela congelados calcula
        palabra palabras frase respuesta consulta busca recupera anade agrega permite
        red lugar conocimiento genera matrices pequenas envia responde manda servidor
        cliente luego despues clave claves tabla fila filas columna arbol busqueda
        consultas lecturas escrituras rapido rapidas lento lentas perdida memoria
        direccion mensaje mensajes cifra significa aprendizaje entrenamiento ruido
        ejemplo ejemplos nuevos siempre nunca valores acelera frena evita recibe ocurre
        memoriza"""
    ),
    "pt": words(
        """modelo pesos camada camadas dados treina aprende usa utiliza congela congelados calcula
        palavra palavras frase resposta consulta busca recupera coloca adiciona permite
        rede vez conhecimento gera matrizes pequenas envia responde depois servidor
        cliente chave chaves tabela linha linhas coluna arvore consultas leituras
        escritas rapido lento lentas erro perda memoria endereco mensagem mensagens
        significa aprendizado treino ruido exemplo exemplos novos dois sempre nunca
        valores acelera evita recebe"""
    ),
    "it": words(
        """modello pesi strato strati dati addestra allena impara usa utilizza congela congelati
        calcola parola parole frase risposta domanda cerca recupera aggiunge permette
        rete invece conoscenza genera matrici piccole manda risponde invia infine chiave
        chiavi tabella riga righe colonna albero ricerca ricerche letture scritture
        veloce lento lente errore perdita memoria indirizzo messaggio messaggi significa
        apprendimento addestramento rumore esempio esempi nuovi sempre valore valori
        rallenta velocizza evita riceve"""
    ),
    "nl": words(
        """gewichten laag lagen gegevens traint leert gebruikt bevriest bevroren kleine berekent
        woord woorden zin antwoord vraag zoekt haalt voegt toe maakt netwerk plaats
        kennis matrices stuurt antwoordt daarna sleutel sleutels rijen kolom
        zoekopdrachten sneller langzamer verlies geheugen bericht berichten versleutelt
        betekent leren ruis voorbeeld voorbeelden nieuwe twee drie altijd nooit waarde
        waarden versnelt vertraagt voorkomt ontvangt hoofd trainingsdata schrijfacties"""
    ),
    "pl": words(
        """wagi wag warstwa warstwy danych dane trenuje uczy uzywa zamraza zamrozone male macierze
        oblicza slowo slowa zdanie odpowiedz pytanie szuka pobiera dodaje pozwala siec
        zamiast wiedza generuje promptu modelu wysyla odpowiada potem klient serwer
        klucz klucze tabeli wiersz wiersze kolumna drzewo wyszukiwanie szybciej wolniej
        blad strata pamiec wiadomosc znaczy uczenie szum przyklad przyklady nowe dwa
        trzy zawsze nigdy wartosc przyspiesza spowalnia zapisy ogolnej"""
    ),
    "tr": words(
        """agirlik agirliklari agirliklar katman veri egitir ogrenir kullanir kullanilir dondurur
        kucuk matris matrisler matrisleri hesaplar kelime cumle cevap yanit soru arar
        ekler eklenir yerine bilgi uretir icine temel gonderir yanitlar sunucu istemci
        anahtar tablo satir sutun agac aramalari yazmalari hizlandirir yavaslatir kayip
        bellek mesaj demek ogrenme gurultu ornek zaman asla deger"""
    ),
    "sv": words(
        """modell modellen vikter vikterna basvikterna lager tranar lar anvander fryser sma
        matriser beraknar ord mening svar fraga soker hamtar lagger laggs natverk
        stallet kunskap skickar svarar servern klienten nyckel tabell rader sokningar
        snabbare langsammare forlust minne meddelande betyder exempel alltid aldrig
        varde skrivningar monstret bruset"""
    ),
    "da": words(
        """vaegte vaegtene lag traener laerer bruger fryser sma matricer beregner ord saetning svar
        sporgsmal soger henter tilfojer netvaerk stedet viden sender svarer klienten
        nogle tabel raekker sogninger hurtigere langsommere fejl hukommelse adresse
        besked betyder eksempel altid aldrig vaerdi monsteret stojen"""
    ),
    "cs": words(
        """vahy vrstva vrstvy trenuje uci pouziva zmrazi male matice pocita slovo slova veta
        odpoved otazka hleda pridava pridaji sit misto znalosti modelu posle odpovi
        klient tabulka tabulky radek radky vyhledavani rychleji pomaleji chyba ztrata
        pamet adresa zprava uceni priklad vzdy nikdy hodnota zrychluje zpomaluje zapisy"""
    ),
    "ro": words(
        """ponderile ponderi strat straturi antreneaza invata foloseste ingheata mici matrice
        calculeaza cuvant cuvinte raspuns intrebare cauta adauga retea loc cunostinte
        doar baza trimite raspunde serverul clientul cheie randuri arbore cautari
        cautarile scrieri scrierile eroare pierdere memorie adresa mesaj inseamna
        invatare zgomot exemplu mereu niciodata valoare accelereaza incetineste indexul"""
    ),
    "fi": words(
        """malli painot kerros kerrokset kouluttaa oppii kayttaa jaadyttaa pienia matriiseja laskee
        sana sanat vastaus kysymys hakee lisaa lisataan sijaan tieto nopeuttaa hidastaa
        hakuja kirjoituksia palvelin lahettaa vastaa avain taulu virhe muisti osoite
        viesti tarkoittaa esimerkki kaksi kolme aina kohinan"""
    ),
    "hu": words(
        """modell sulyok sulyokat reteg retegek tanit tanul hasznal hasznalja befagyasztja kis
        matrixokat szamol szo szavak valasz kerdes keres hozzaad helyett tudas alap
        gyorsitja lassitja kereset kuld valaszol kulcs tabla hiba memoria uzenet jelent
        tanulas pelda harom mindig soha ertek szerver kliens"""
    ),
    "id": words(
        """bobot lapisan melatih belajar menggunakan membekukan matriks kecil menghitung kata
        kalimat jawaban pertanyaan mencari mengambil menambahkan jaringan pengetahuan
        dasar mempercepat memperlambat pencarian penulisan mengirim menjawab kunci baris
        kolom pohon kesalahan memori alamat pesan berarti contoh selalu nilai menghafal
        gagal"""
    ),
}

# Words of other languages that English prose borrows, or that stand in names.
BORROWED = words(
    """a ad al an as au da das de del der des di do dos du e el en et hoc i la las le los per
    se su un und van via vis von y man die war am was so on no in is to matrices
    parallel phrase sit red male general table base index matrix per data via sender
    dont plus todo os com num non io ai met till ten pre var sub care ca len pro vice bare sin con
    te mon lo co op ma es si"""
)
