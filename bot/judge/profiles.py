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
        """modell gewichte basisgewichte schicht schichten daten trainiert lernt nutzt
        verwendet friert eingefroren kleine matrizen berechnet wort worter satz antwort
        frage abfrage gibt holt liefert braucht grosse parallel wissen fragen weil ergebnis"""
    ),
    "fr": words(
        """modele poids couche couches donnees entraine apprend utilise gele geles matrices
        calcule mot mots phrase reponse requete cherche recupere ajoute permet petites
        reseau lieu connaissances faut"""
    ),
    "es": words(
        """modelo pesos capa capas datos entrena aprende usa utiliza congela congelados calcula
        palabra palabras frase respuesta consulta busca recupera anade agrega permite red
        lugar conocimiento genera matrices pequenas"""
    ),
    "pt": words(
        """modelo pesos camada camadas dados treina aprende usa utiliza congela congelados
        calcula palavra palavras frase resposta consulta busca recupera coloca adiciona
        permite rede vez conhecimento gera matrizes pequenas"""
    ),
    "it": words(
        """modello pesi strato strati dati addestra allena impara usa utilizza congela
        congelati calcola parola parole frase risposta domanda cerca recupera aggiunge
        permette rete invece conoscenza genera matrici piccole"""
    ),
    "nl": words(
        """gewichten laag lagen gegevens traint leert gebruikt bevriest bevroren kleine
        berekent woord woorden zin antwoord vraag zoekt haalt voegt toe maakt netwerk plaats
        kennis matrices"""
    ),
    "pl": words(
        """wagi wag warstwa warstwy danych dane trenuje uczy uzywa zamraza zamrozone male
        macierze oblicza slowo slowa zdanie odpowiedz pytanie szuka pobiera dodaje pozwala
        siec zamiast wiedza generuje promptu modelu"""
    ),
    "tr": words(
        """agirlik agirliklari agirliklar katman veri egitir ogrenir kullanir kullanilir
        dondurur kucuk matris matrisler matrisleri hesaplar kelime cumle cevap yanit soru
        arar ekler eklenir yerine bilgi uretir icine temel"""
    ),
    "sv": words(
        """modell modellen vikter vikterna basvikterna lager tranar lar anvander fryser sma
        matriser beraknar ord mening svar fraga soker hamtar lagger laggs natverk stallet
        kunskap"""
    ),
    "da": words(
        """vaegte vaegtene lag traener laerer bruger fryser sma matricer beregner ord saetning
        svar sporgsmal soger henter tilfojer netvaerk stedet viden"""
    ),
    "cs": words(
        """vahy vrstva vrstvy trenuje uci pouziva zmrazi male matice pocita slovo slova veta
        odpoved otazka hleda pridava pridaji sit misto znalosti modelu"""
    ),
    "ro": words(
        """ponderile ponderi strat straturi antreneaza invata foloseste ingheata mici matrice
        calculeaza cuvant cuvinte raspuns intrebare cauta adauga retea loc cunostinte doar
        baza"""
    ),
    "fi": words(
        """malli painot kerros kerrokset kouluttaa oppii kayttaa jaadyttaa pienia matriiseja
        laskee sana sanat vastaus kysymys hakee lisaa lisataan sijaan tieto"""
    ),
    "hu": words(
        """modell sulyok sulyokat reteg retegek tanit tanul hasznal hasznalja befagyasztja kis
        matrixokat szamol szo szavak valasz kerdes keres hozzaad helyett tudas alap"""
    ),
    "id": words(
        """bobot lapisan melatih belajar menggunakan membekukan matriks kecil menghitung kata
        kalimat jawaban pertanyaan mencari mengambil menambahkan jaringan pengetahuan dasar"""
    ),
}

# Words of other languages that English prose borrows, or that stand in names.
BORROWED = words(
    """a ad al an as au da das de del der des di do dos du e el en et hoc i la las le los per
    se su un und van via vis von y man die war am was so on no in is to"""
)
