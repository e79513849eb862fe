# ruff: noqa: RUF001  (orders in Russian are written in Russian letters)
"""How people talk to a judge: the patterns that ``directed`` looks for.

They are for folded text: lower case, no accents, single spaces. Quantifiers are bounded, since
replies are hostile.
"""

from __future__ import annotations

import re

from bot.judge.words import words

_REPLY = r"(?:answers?|reply|replies|responses?|submissions?|solutions?|texts?|attempts?|work)"
_MINE = rf"(?:this|my|the (?:above|following|given|student's))(?: \w+)? ?{_REPLY}"
_RIGHT = (
    r"(?:(?:fully |completely |entirely |100 ?% )?(?:correct|right|perfect|complete|covered|passed"
    r"|accepted|approved|satisfied|flawless|excellent))"
)
_MARKS = r"(?:marks?|points?|credits?|grades?)"
_MOST = (
    rf"(?:(?:full|maximum|max|maximal|perfect|all the) (?:possible )?(?:{_MARKS}|scores?|ratings?)"
    rf"|(?:highest|top|best)(?: possible)? (?:{_MARKS}|scores?|ratings?))"
)
_ALL_OF = r"\b(?:100|10|5|ten|five) ?(?:/|out of) ?(?:100|10|5|ten|five)\b"
_GIVE = r"(?:give|gives|giving|award|assign|grant|deserves?|earns?|get|gets|receives?|gave|given)"
_JUDGE = (
    r"(?:grader|judge|evaluator|examiner|marker|assistant|chatgpt|gpt|llm|ai|professor|teacher"
    r"|tutor|language model|grading (?:model|system|bot))"
)
_CHIEF = r"(?:organi[sz]ers?|admin(?:istrator)?s?|teachers?|professors?|instructors?|moderators?)"
# Not "told it to ignore": a report of an order is none.
_NOT_TOLD = "".join(
    rf"(?<!\b{word} )"
    for word in ("to", "may", "might", "can", "could", "would", "will", "also", "that", "they")
)

_OUTCOMES = (
    rf"\b{_GIVE}\b[^.!?]{{0,40}}\b(?:full|maximum|max|perfect|all the) {_MARKS}\b",
    rf"\b{_GIVE} (?:\w+ )?(?:me|this|it|my|him|us|everyone|everybody|every)\b[^.!?]{{0,30}}{_MOST}",
    rf"\b(?:award|grant|assign) (?:me |it |this |him )?(?:the |a )?{_MOST}",
    (
        rf"\b{_GIVE} (?:me|this|my {_REPLY}|it)(?: \w+)? (?:just )?(?:an? )?"
        r"(?:100|10|a\+|1(?:\.0)?|pass)\b"
    ),
    (
        rf"\b(?:this|it|i|{_MINE})(?: \w+)? (?:deserves?|gets?|is worth|earns?)\b"
        rf"[^.!?]{{0,30}}{_ALL_OF}"
    ),
    (
        r"\b(?:full|maximum|perfect) (?:marks?|points?|credits?|score)\b[^.!?]{0,30}\b(?:if"
        r"|regardless"
        r"|for (?:this|my|every|all)|to (?:this|my|every|all))\b"
    ),
    (
        r"\b(?:output|set|return|print|assign|report|give|respond with|reply with)\b[^.!?]{0,30}\b"
        r"(?:score|grade|points|mark|rating|verdict|status)(?: of| to| =| is)? ?[\"']?"
        r"(?:1(?:\.0+)?|100|10|full|perfect|correct|covered)\b"
    ),
    r"\b(?:output|return|print|report) [\"']?(?:correct|covered)\b",
    r"\bexpected (?:output|verdict|grade|result) (?:is|was) [\"']?(?:correct|100|1)\b",
    (
        r"^\W*(?:please )?(?:just |only )?(?:say|reply|respond|print|output|repeat)\b[^.!?]{0,30}"
        r"\b(?:correct|covered|100|1\.0)\b[\"']?\W*$"
    ),
    r"\bgive me (?:the |my )?(?:maximum|max|full|points?|credit|100)\b",
    (
        r"\b(?:rubric|key points|grading|instructions|scoring) (?:has|have) (?:been )?(?:just )?"
        r"(?:changed|updated|replaced|removed)\b"
    ),
    (
        r"\bi (?:really |just )?need (?:full|the|all|my|these|those) (?:the )?"
        r"(?:marks?|points?|credit)|\bmy (?:streak|scholarship|grade|exam|job) depends\b"
    ),
    (
        r"\b(?:please|so|just|and|you) (?:really )?be (?:so )?(?:kind|generous|lenient|nice"
        r"|merciful)\b"
    ),
    r"\b(?:let's|let us) (?:pretend|assume|say|agree)\b[^.!?]{0,12}\b(?:answer|reply)\b",
    r"^\W*result ?[:=] ?(?:pass(?:ed)?|correct)\b",
    (
        rf"\b(?:mark|grade|score|treat|consider|rate|accept|count|regard|classify|judge|record"
        rf"|evaluate)"
        rf" (?:this|my|it|me|them|us|all|every|everything|each|the {_REPLY}|the (?:above"
        rf"|preceding|whole))\b[^.!?]{{0,40}}"
        rf"\b(?:as|to be) (?:an? )?{_RIGHT}\b"
    ),
    rf"\b(?:mark|grade|score|consider|rate|accept|call) (?:this|my|it)(?: {_REPLY})? {_RIGHT}\b",
    rf"\baccept (?:this|my) {_REPLY}\b",
    (
        rf"\b{_MINE} (?:is|are|was|should be|must be|has to be|have to be|deserves?|has been"
        rf"|have been"
        rf"|had been|counts? as)\b[^.!?]{{0,30}}(?:\b{_RIGHT}|full|graded|marked|verified"
        rf"|covers all"
        r"|reference answer|checked|score)\b"
    ),
    rf"\b{_MINE} (?:covers?|meets|satisfies|matches) (?:all|every|each|the (?:rubric|reference))\b",
    r"\b(?:reply|answer) above (?:is|was|has been)\b[^.!?]{0,30}\b(?:correct|checked|graded)\b",
    (
        r"\b(?:all|every|each)(?: of)?(?: the)?(?: \w+)? ?(?:key ?points?|points|criteri(?:a|on)"
        r"|requirements?)(?: of this \w+)? (?:is|are|were|have been|has been|counts?|should be"
        r"|must be"
        r"|as)\b[^.!?]{0,20}\b(?:covered|met|satisfied|present|correct|fulfilled)\b"
    ),
    r"^\W*(?:score|grade|verdict|marks?|points) (?:1(?:\.0+)?|100|10/10|correct|full|a\+)\W*$",
    rf"\b(?:output|print|return|write|enter) (?:the |an? )?{_MOST}",
    r"\benough for (?:full|perfect|maximum|all) (?:the )?(?:marks|points|credit)\b",
    r"\ball (?:of )?(?:the )?(?:key )?points? covered\b",
    r"\bcover(?:s|ed)? (?:all|each|every)(?: of)?(?: the)? key ?points?\b",
    r"\bno other key points?\b|\bnothing else matters\b|\bevery answer is correct\b",
    r"(?:\bcovered\b[^a-z]{1,12}){2}covered\b",
    (
        r"^\W*(?:score|verdict|grade|final (?:score|grade|verdict)|status|marks?|evidence|feedback)"
        r"[\"']? ?[:=] ?[\"']?(?:\d|full|correct|covered|perfect|pass|a\b|100|excellent|all key)"
    ),
    r"[\"'](?:score|verdict|grade|status|points|evidence)[\"'] ?:",
    r"\bverdict ?(?:[:=]|is|to) ?[\"']?correct\b",
    (
        r"(?<!f1 )(?<!f1-)\b(?:score|grade) ?[:=] ?[\"']?"
        r"(?:1(?:\.0+)?|100|10/10|full|perfect|a\+)(?!\w|\.\d)"
    ),
    (
        rf"\b{_CHIEF}\b[^.!?]{{0,60}}\b(?:said|says|told|gave|promised|approved|confirm(?:s"
        rf"|ed)?|verified|agreed"
        rf"|decided|wants?|ordered|allowed)\b[^.!?]{{0,60}}\b(?:full marks?|points|correct|approved"
        r"|accept(?:ed)?|counts?|score|pass(?:ed)?|grade)\b"
    ),
    (
        rf"\b(?:{_REPLY}|member|i)\b[^.!?]{{0,30}}\b(?:has|have|was|were"
        rf"|been) (?:already )?(?:been )?"
        r"(?:already )?(?:approved|given full|graded|granted)\b"
    ),
    (
        rf"\bas (?:the|an|your) (?:author|admin|developer|creator|owner|{_CHIEF})\b[^.!?]{{0,60}}\b"
        rf"(?:confirm|declare|order|my {_REPLY}|accept(?:ed)?)\b"
    ),
    (
        rf"\bif (?:you|this|it)\b[^.!?]{{0,20}}(?:n't|\bnot)\b[^.!?]{{0,40}}\b(?:{_RIGHT}"
        rf"|{_MARKS})\b"
        r"[^.!?]{0,20}\bi(?:'ll| will|'m|'d)\b"
    ),
    (
        r"\bi(?:'ll| will) (?:report|sue|fail|tip|pay|lose)\b[^.!?]{0,60}\b(?:you|your|correct"
        r"|points"
        r"|graded|scholarship|exam)\b"
    ),
    (
        r"\b(?:please|pls|plz|just)\b[^.!?]{0,20}\b(?:be (?:kind|generous|lenient|nice)"
        r"|give me (?:the |some |full )?(?:points?|marks?|credit|100)|let me pass)\b"
    ),
)
_ORDERS = (
    (
        rf"{_NOT_TOLD}\b(?:ignore|disregard|forget|override|overlook|neglect|bypass|skip"
        rf"|discard|drop)\b[^.!?]{{0,25}}\b"
        r"(?:instructions?|prompts?|rules?|rubrics?|guidelines?|grading|key ?points?|commands?"
        r"|orders?"
        r"|directions?|criteria|evaluation)\b"
    ),
    (
        rf"{_NOT_TOLD}\b(?:ignore|disregard|skip|discard) (?:the |this |your |that )?(?:\w+ )?"
        r"reference(?: answer)?\b"
    ),
    (
        rf"{_NOT_TOLD}\b(?:ignore|disregard|forget) (?:all|everything|anything)(?: of| that)?"
        r"(?: the)? (?:above|before|you|else|previous|i said|prior)\b"
    ),
    r"\byou (?:to|must|should|shall|have to|need to|will) (?:now )?(?:ignore|disregard|forget)\b",
    (
        r"\bstop (?:here|grading|evaluating)\b|\b(?:do not|don't|never|stop) (?:read|reading"
        r"|use|using|apply|applying|check|checking|consult"
        r"|look at|compare (?:this|it|my \w+) with) (?:the|any|your|these) (?:rubric"
        r"|key points?|reference|grading|criteria)\b"
    ),
    (
        rf"\b(?:dear|hello|hi|hey|attention|(?:note|message|memo|word|ps|warning|instructions?)"
        rf"(?: to| for))(?: the| my| any| all)?[ ,:]+(?:\w+ )?{_JUDGE}s?\b"
    ),
    r"(?:^|[,.:;!?] )(?:grader|judge|evaluator|examiner|professor(?: \w+)?|chatgpt)[,:]",
    rf"\b(?:you are|you're|you were) (?:[\w']+ ){{0,5}}{_JUDGE}\b",
    (
        rf"(?:^|[.!?:;,] |\bplease |\bnow |\bmust |\bshould )(?:act as|pretend|simulate"
        rf"|behave (?:like"
        rf"|as)|roleplay|play the role of|imagine (?:that )?you)\b[^.!?]{{0,50}}\b(?:{_JUDGE}"
        rf"|(?:full|good|perfect) marks|points"
        r"|rubric|rules|dan)\b"
    ),
    (
        r"\bpretend (?:to be|that you|you)\b|\byou are now (?:an?|the|my|free|dan|no longer"
        r"|allowed)\b|\bfrom now on,? (?:every|you|all)\b"
    ),
    (
        r"\blet's play a (?:little )?game\b|\b(?:without any|has no|with no) (?:rules"
        r"|restrictions)\b"
        r"[^.!?]{0,30}\b(?:grader|judge|dan)\b|\ban? (?:grader|judge) without\b|\bdan never\b"
    ),
    (
        r"^\W*(?:system|assistant|developer|admin|administrator|human|instructions?|rubric"
        r"|grader|judge"
        r"|grading note|official note|sudo|override)(?: prompt| message| note| override| update"
        r"| mode)? ?:"
    ),
    (
        r"\b(?:system message|admin override|developer mode|debug mode|maintenance mode"
        r"|grading mode)\b"
    ),
    (
        rf"\b(?:message|note|order|announcement|notice|update) from (?:the |your )?(?:{_CHIEF}"
        rf"|system"
        r"|developers?|staff|openai|management)\b"
        rf"|\bi(?:'m| am) (?:the|your) (?:author|admin|developer|creator|owner|{_CHIEF})\b"
        r"|\bas an? (?:ai|llm|language model)\b[^.!?]{0,20}\byou\b|\bpay no attention to (?:the"
        r"|any)"
        r" (?:reference|rubric|instructions|key points|rules)"
    ),
    (
        r"\b(?:new|updated|real|actual|revised|final|official) (?:grading |scoring |marking )?"
        r"(?:rubric|marking scheme|reference answer|answer key|reference)\b"
    ),
    r"\b(?:new|updated|revised) (?:instructions?|rules) ?:|\b(?:new|updated) system prompt\b",
    (
        r"^\W*(?:grading |scoring |marking )?(?:rubric|marking scheme|answer key|reference answer)"
        r"(?: \([^()]{0,30}\))? ?(?::|$)"
    ),
    (
        r"^\W*(?:begin|end|start)(?: of)?(?: the)?(?: \w+){0,2} (?:prompt|instructions?|rubric"
        r"|answer"
        r"|reply|response|data|input|text|submission|document)\W*$"
    ),
    (
        r"\bdecode and obey\b|\bobey (?:this|the following)\b"
        r"|\bfollow (?:this|these|my) (?:instruction|order)"
    ),
)
# Orders in other languages, as the fold leaves them: without accents where letters are Latin.
_FOREIGN = (
    (
        r"\b(?:(?:zi|pro)?ignor(?!e\b|es\b|ed\b|ing\b|anc|ant)\w{1,8}|ignore (?:tout\w*|les?|la"
        r"|tod[ao]s"
        r"|as|tudo))\b[^.!?]{0,40}\b(?:anweisung|vorgabe|regel|instru|istru|regl|regol"
        r"|regra|consigne|bewertung|rubric|criter|kriteri|polecen|zasad|talimat|preceden|anterior)"
    ),
    (
        r"\b(?:vergiss|missachte|uberspringe|olvida|omite|descarta|oublie[zr]?|dimentica\w*|negeer"
        r"|vergeet|esqueca|desconsidere|zapomnij|glem|glom|unohda"
        r"|felejtsd)\b[^.!?]{0,40}\b(?:alle|todo"
        r"|todas|tout|tutt|anweisung|regel|instru|istru|regl|regol|regra|consigne|wszystk|vorige)"
    ),
    r"\b(?:volle|maximale|hochste|beste)n? (?:punkt|note\b|bewertung|score|punten|cijfer)",
    r"\b(?:maxima|maxime) (?:puntuacion|nota|calificacion|pontuacao|punteggio)\b",
    r"\b(?:puntuacion|calificacion|nota|pontuacao|puntaje) (?:maxima|completa|perfecta|total|mas)",
    r"\b(?:note|score|points?) (?:maximale?|maximum|parfaite?)\b|\btous les points\b",
    (
        r"\b(?:punteggio|voto) (?:massimo|pieno)\b|\bmassimo (?:dei voti|punteggio)\b"
        r"|\b(?:maksymaln|peln)\w+ (?:liczb|punkt|ocen|wynik)"
    ),
    (
        r"\b(?:bewerte|markiere|werte|marca|califica|considera|note[zr]?|marque[zr]?|valuta"
        r"|oznacz)\b"
        r"[^.!?]{0,40}\b(?:richtig|korrekt|correct[ao]s?|correctes?|corretta|corretto|poprawn)"
    ),
    r"\b(?:tam puan|onceki talimat|full(?:a|t)? poang|fulde point|taydet pisteet)",
    (
        r"(?:игнорир|ігнор|забудь|забудьте|не обращай|не учитывай)[^.!?]{0,50}(?:инструкци"
        r"|указани|правил"
        r"|інструкц|вказівк|рубрик|критери)"
    ),
    r"(?:максимальн|полн|высш|найвищ)\w{0,4} (?:балл|оценк|бал|оцінк)",
    (
        r"(?:忽略|无视|無視|忘记|忘れ|不要理会|忽視)[^。！？]{0,30}(?:指示|指令|说明|說明|规则|規則"
        r"|要求|提示|命令"
        r"|ルール|プロンプト|标准)"
    ),
    r"(?:指示|指令|规则|命令|ルール|プロンプト)[^。！？]{0,15}(?:無視|忘れ|忽略)",
    r"满分|滿分|満点|最高分|最高点|(?:标记|判定|评)为正确|正解と",
    r"(?:지시|명령|규칙|프롬프트)[^.!?]{0,20}(?:무시|잊)",
    r"만점|최고 점수|정답으로 (?:처리|채점|인정)",
    r"(?:تجاهل|انس)[^.!?]{0,40}(?:تعليمات|القواعد|الإرشادات)|(?:الدرجة|العلامة) (?:الكاملة|القصوى)",
    r"(?:निर्देश|नियम)[^.!?]{0,30}(?:अनदेखा|नज़रअंदाज़|अनदेखी|भूल)|(?:पूरे|पूर्ण) अंक",
)
OUTCOME = re.compile("|".join(f"(?:{pattern})" for pattern in (*_OUTCOMES, *_FOREIGN)))
ORDER = re.compile("|".join(f"(?:{pattern})" for pattern in _ORDERS))

# A reply about prompt injection may report an order or quote one.
REPORTED = re.compile(
    r"\b(?:such as|for example|e\.g|attackers?|injections?|jailbreaks?|malicious|like [\"'\u201c])"
    r"|\b(?:says?|saying|tells?|telling|told|writes?|writing|contains?|containing|hides?|hidden"
    r"|puts?|types?|reads?|asks?|orders?)\b[^.!?]{0,40}[\"'\u201c\u00ab:]"
    r"|\b(?:models?|llms?|it|assistant|agent) (?:to|then|will|may|might|could|would|ignores?"
    r"|forgets?|disregards?|overrides?|bypass(?:es)?|skips?|follows?|obeys?)\b"
)

# No pattern of English words is found without one of these.
TRIGGERS = words(
    """ignore disregard forget override bypass skip discard drop give gives giving award assign
    grant grants deserve deserves earn earns get gets receive receives gave given mark marks
    marked grade graded grades grading score scores scored treat consider rate rating accept
    accepted count counts counted regard classify judge judged record label call output set
    return print report respond verdict correct covered full maximum max perfect points
    point criteria criterion requirements checked status evidence feedback rubric rubrics
    reference instructions instruction prompt rules answer answers reply replies response
    submission approved organiser organisers organizer organizers admin professor teacher
    author grader evaluator examiner marker chatgpt system assistant developer human sudo
    pretend act simulate behave roleplay play imagine you're dan message note notice
    announcement begin end start data obey decode please pls plz just i'll always game you
    from matters expected need streak depends kind generous lenient nice merciful preceding
    creator owner attention overlook neglect changed updated replaced say repeat let's let
    pass passed result i'm evaluate massimo maxima maxime lose sue tip pay memo dear hello
    hi hey stop never don't ten five vergiss missachte uberspringe olvida omite descarta
    oublie oublier oubliez dimentica negeer vergeet esqueca desconsidere zapomnij glem glom
    unohda felejtsd volle vollen maximale maximalen hochste hochsten puntuacion calificacion
    nota pontuacao puntaje parfaite parfait tous punteggio voto bewerte markiere werte marca
    califica considera noter notez marque marquez valuta oznacz tam onceki poang pisteet
    zignoruj"""
)
FOREIGN_TRIGGER = "ignor"
