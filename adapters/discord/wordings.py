"""Members' commands in other languages: their names, and what they and their options are for."""

from __future__ import annotations

from collections.abc import Mapping

Wordings = Mapping[str, Mapping[str, str]]

NAMES: Wordings = {
    "explain": {"de": "erklären", "es": "explicar", "fr": "expliquer", "pt": "explicar"},
    "leaderboard": {
        "de": "rangliste",
        "es": "clasificación",
        "fr": "classement",
        "pt": "classificação",
    },
    "me": {"de": "ich", "es": "yo", "fr": "moi", "pt": "eu"},
    "appeal": {"de": "einspruch", "es": "apelar", "fr": "contester", "pt": "recorrer"},
    "link": {"de": "verknüpfen", "es": "vincular", "fr": "associer", "pt": "vincular"},
    "privacy": {
        "de": "datenschutz",
        "es": "privacidad",
        "fr": "confidentialité",
        "pt": "privacidade",
    },
    "export": {"de": "exportieren", "es": "exportar", "fr": "exporter", "pt": "exportar"},
    "hide": {"de": "verbergen", "es": "ocultar", "fr": "masquer", "pt": "ocultar"},
    "show": {"de": "zeigen", "es": "mostrar", "fr": "afficher", "pt": "mostrar"},
    "forget": {"de": "vergessen", "es": "olvidar", "fr": "oublier", "pt": "esquecer"},
    "help": {"de": "hilfe", "es": "ayuda", "fr": "aide", "pt": "ajuda"},
    "Grade this message": {
        "de": "Diese Nachricht bewerten",
        "es": "Calificar este mensaje",
        "fr": "Noter ce message",
        "pt": "Avaliar esta mensagem",
    },
}

DESCRIPTIONS: Wordings = {
    "What the guide says about a term, with its source": {
        "de": "Was der Leitfaden zu einem Begriff sagt, mit Quelle",
        "es": "Lo que dice la guía sobre un término, con su fuente",
        "fr": "Ce que dit le guide d'un terme, avec sa source",
        "pt": "O que o guia diz sobre um termo, com a fonte",
    },
    "A term or a question, such as lora": {
        "de": "Ein Begriff oder eine Frage, zum Beispiel lora",
        "es": "Un término o una pregunta, por ejemplo lora",
        "fr": "Un terme ou une question, par exemple lora",
        "pt": "Um termo ou uma pergunta, por exemplo lora",
    },
    "Who leads, in a window of your choice": {
        "de": "Wer vorn liegt, im Zeitraum deiner Wahl",
        "es": "Quién va en cabeza, en el periodo que elijas",
        "fr": "Qui est en tête, sur la période de ton choix",
        "pt": "Quem está na frente, no período que você escolher",
    },
    "today, week, month, season, rolling30 or all": {
        "de": "Heute, Woche, Monat, Saison, die letzten 30 Tage oder alles",
        "es": "Hoy, semana, mes, temporada, los últimos 30 días o todo",
        "fr": "Aujourd'hui, semaine, mois, saison, 30 derniers jours ou tout",
        "pt": "Hoje, semana, mês, temporada, os últimos 30 dias ou tudo",
    },
    "Your points, streak and latest grades": {
        "de": "Deine Punkte, deine Serie und deine letzten Bewertungen",
        "es": "Tus puntos, tu racha y tus últimas calificaciones",
        "fr": "Tes points, ta série et tes dernières notes",
        "pt": "Seus pontos, sua sequência e suas últimas notas",
    },
    "Ask an organiser to look at your newest grade": {
        "de": "Bitte die Organisation, deine neueste Bewertung anzusehen",
        "es": "Pide que alguien de la organización revise tu última calificación",
        "fr": "Demande à l'équipe de revoir ta dernière note",
        "pt": "Peça que alguém da organização reveja sua última nota",
    },
    "Why, if you like to say": {
        "de": "Warum, falls du es sagen möchtest",
        "es": "El motivo, si quieres decirlo",
        "fr": "Pourquoi, si tu veux le dire",
        "pt": "O motivo, se quiser dizer",
    },
    "Make your accounts here and on another platform one member": {
        "de": "Mach deine Konten hier und auf einer anderen Plattform zu einem Mitglied",
        "es": "Une tus cuentas de aquí y de otra plataforma en un solo miembro",
        "fr": "Réunis tes comptes d'ici et d'une autre plateforme en un seul membre",
        "pt": "Junte suas contas daqui e de outra plataforma em um só membro",
    },
    "What /link told you with your other account; nothing makes a code": {
        "de": "Der Code, den /link deinem anderen Konto gab; leer lassen, um einen zu bekommen",
        "es": "El código que /link dio a tu otra cuenta; déjalo vacío para recibir uno",
        "fr": "Le code que /link a donné à ton autre compte ; laisse vide pour en recevoir un",
        "pt": "O código que /link deu à sua outra conta; deixe vazio para receber um",
    },
    "What is kept of you: have it, hide it, delete it": {
        "de": "Was über dich gespeichert ist: abrufen, verbergen, löschen",
        "es": "Lo que se guarda de ti: recíbelo, ocúltalo, bórralo",
        "fr": "Ce qui est conservé de toi : le recevoir, le masquer, l'effacer",
        "pt": "O que é guardado sobre você: receba, oculte, apague",
    },
    "Everything that is kept of you, as a file": {
        "de": "Alles, was über dich gespeichert ist, als Datei",
        "es": "Todo lo que se guarda de ti, en un archivo",
        "fr": "Tout ce qui est conservé de toi, dans un fichier",
        "pt": "Tudo o que é guardado sobre você, em um arquivo",
    },
    "Take yourself off the leaderboards; your points go on": {
        "de": "Erscheine in keiner Rangliste mehr; deine Punkte zählen weiter",
        "es": "Sal de las clasificaciones; tus puntos siguen contando",
        "fr": "Disparais des classements ; tes points continuent de compter",
        "pt": "Saia das classificações; seus pontos continuam contando",
    },
    "Be on the leaderboards again": {
        "de": "Erscheine wieder in den Ranglisten",
        "es": "Vuelve a aparecer en las clasificaciones",
        "fr": "Réapparais dans les classements",
        "pt": "Volte a aparecer nas classificações",
    },
    "Have everything about you deleted": {
        "de": "Lass alles löschen, was über dich gespeichert ist",
        "es": "Haz que se borre todo lo que se guarda de ti",
        "fr": "Fais effacer tout ce qui est conservé de toi",
        "pt": "Apague tudo o que é guardado sobre você",
    },
    "What you can do here": {
        "de": "Was du hier tun kannst",
        "es": "Lo que puedes hacer aquí",
        "fr": "Ce que tu peux faire ici",
        "pt": "O que você pode fazer aqui",
    },
}
