# ruff: noqa: RUF001  (Russian words are written in Russian letters)
"""Word lists written for the offline judge: stop words, everyday words, synonym groups."""

from __future__ import annotations


def words(text: str) -> frozenset[str]:
    """The words of a list written as text."""
    return frozenset(text.split())


STOP_WORDS: dict[str, frozenset[str]] = {
    "en": words(
        """a an the this that these those it its it's itself they them their theirs themselves he
        him his she her hers we us our ours you your yours i me my mine one ones who whom
        whose which what when where why how there here and or but if then else so than as of
        at by for from in into on onto to up with about through out off again further is are
        was were be been being am do does did doing done has have had having can could may
        might must shall should will would nor n't don't doesn't didn't isn't aren't wasn't
        weren't won't wouldn't can't cannot couldn't shouldn't hasn't haven't hadn't also too
        very just even any some such much least own because since unless although though
        however therefore thus hence yet still already ever often etc e.g i.e eg ie via per
        upon toward towards across along among against like s t let lets get gets got i'm
        you're we're they're that's there's what's"""
    ),
    "de": words(
        """der die das den dem des ein eine einen einem einer eines und oder aber doch wenn dann
        als wie so auch noch nur schon sehr mehr nicht kein keine keinen keiner ist sind war waren
        sein wird werden wurde wurden hat haben hatte kann konnen muss mussen soll sollen darf ich
        du er sie es wir ihr man sich ihre seine ihren seinen ihrem seinem dieser diese dieses
        diesen diesem jede jeder jedes alle von vom zu zum zur mit bei beim aus auf an am in im
        fur uber unter vor nach durch ohne um bis gegen zwischen weil dass ob da damit dabei
        dadurch daher also sowie statt was wer wo warum welche welcher dort hier denn etwa nun"""
    ),
    "fr": words(
        """le la les l un une des du de d et ou mais donc or ni car si que qui quoi dont ou quand
        comme ce cet cette ces c son sa ses leur leurs mon ma mes notre nos votre vos je tu il elle
        on nous vous ils elles se s ne n pas plus moins tres aussi est sont etait etre ete a ont
        avoir avait peut peuvent doit doivent fait au aux en dans par pour sur sous avec sans entre
        vers chez afin ainsi alors tout tous toute toutes chaque y qu m t j meme puis lors"""
    ),
    "es": words(
        """el la los las lo un una unos unas y e o u pero si no que quien cual cuando como donde
        porque por para con sin sobre entre hacia hasta desde de del al a en se su sus le les me te
        nos mi tu es son era eran ser sido esta estan este estos estas ese esa eso ha han haber
        hay tiene tienen puede pueden debe muy mas menos tambien ya cada todo todos toda todas
        ademas asi entonces aunque mientras"""
    ),
    "pt": words(
        """o a os as um uma uns umas e ou mas se nao que quem qual quando como onde porque por para
        com sem sobre entre ate desde de do da dos das ao aos no na nos nas em num numa pelo pela
        seu sua seus suas me te lhe nos eu ele ela eles elas ser sao era foi estar esta estao este
        esta esse essa isso isto tem ter ha pode podem deve muito mais menos tambem ja cada todo
        todos toda todas assim entao embora enquanto"""
    ),
    "it": words(
        """il lo la i gli le l un uno una e ed o ma se non che chi cui quando come dove perche per
        con senza su sul sulla tra fra di del dello della dei degli delle a al allo alla ai alle da
        dal dalla dai nel nella nei nelle in si suo sua suoi sue mi ti ci vi io lui lei noi loro
        essere sono era stato ha hanno avere questo questa questi queste quello quella puo possono
        deve molto piu meno anche gia ogni tutto tutti tutta tutte cosi quindi mentre viene"""
    ),
    "nl": words(
        """de het een en of maar als dan dat die dit deze wat wie waar wanneer hoe waarom want
        omdat niet geen wel ook nog al zeer meer minder is zijn was waren wordt worden werd heeft
        hebben had kan kunnen moet moeten zal zullen mag ik je jij u hij zij ze we wij hun haar
        hem zich mijn van voor met zonder door over onder tussen naar uit op aan in bij om te tot
        tegen per elk elke alle alleen dus er daar hier zodat zoals"""
    ),
    "pl": words(
        """i oraz a ale lub albo czy nie tak jest sa byl byla bylo byc bedzie ma maja moze moga to
        ten ta te tego tej tych tym co kto gdzie kiedy jak dlaczego poniewaz bo ze zeby aby w we z
        ze na do od dla po przez przy pod nad miedzy bez o u za przed sie jego jej ich ktory ktora
        ktore ktorych tylko bardzo bardziej mniej takze rowniez juz kazdy wszystkie wiec jako
        jesli"""
    ),
    "tr": words(
        """ve veya ya da de ama fakat ancak ile icin gibi kadar gore bir bu su o bunlar onlar ben
        sen biz siz ne kim nerede nasil neden cunku eger ise degil var yok olan olarak oldugu olur
        olmak daha en cok az her tum hem sadece sonra once uzerinde icinde arasinda tarafindan
        kendi mi mu ki"""
    ),
    "sv": words(
        """och eller men om att som det den de en ett i pa av for med till fran utan over under
        mellan genom vid inte ej ar var vara blir har hade kan ska skall maste jag du han hon vi ni
        sig sin sitt sina denna detta dessa varje alla mycket mer mindre ocksa bara nar hur varfor
        eftersom sa dar har"""
    ),
    "da": words(
        """og eller men hvis at som det den de en et i pa af for med til fra uden over under mellem
        gennem ved ikke er var vaere bliver har havde kan skal ma jeg du han hun vi sig sin denne
        dette disse hver alle meget mere mindre ogsa kun nar hvordan hvorfor fordi sa der her"""
    ),
    "cs": words(
        """a i ale nebo kdyz ze aby ktery ktera ktere je jsou byl byla bylo byt bude ma maji muze
        to ten ta te v ve z ze na do od pro po pri pod nad mezi bez o u za pred se si jeho jeji
        jejich ne neni jen velmi vice mene take uz kazdy vsechny protoze jako tak co jak"""
    ),
    "ro": words(
        """si sau dar daca ca care ce cand cum unde de la in pe cu fara din prin pentru intre peste
        sub un o unei unui este sunt era fi fost are au avea poate pot trebuie nu se isi sa al ale
        lui ei lor acest aceasta aceste foarte mai mult putin doar fiecare toate toti astfel deci"""
    ),
    "id": words(
        """dan atau tetapi jika bahwa yang itu ini di ke dari pada dengan untuk oleh dalam antara
        tanpa tidak bukan adalah ialah akan telah sudah dapat bisa harus ada saya kami kita mereka
        dia nya juga hanya lebih sangat setiap semua karena sehingga seperti secara sebagai saat"""
    ),
    "ru": words(
        """и в во не что он на я с со как а то все она так его но да ты к у же вы за бы по только
        ее мне было вот от меня еще нет о из ему когда даже ну ли если уже или ни быть был него до
        вас для мы их чем была сам чтобы без будет при это этот эта эти тот который которая которые
        которых также между через после перед над под более менее очень каждый может могут"""
    ),
}

# Everyday words: they carry a quarter of the weight of a subject's own words when matched.
COMMON_WORDS = words(
    """use used uses using make makes made making give gives given take takes taken go goes come
    comes see sees seen know known knows think say says said tell show shows shown mean means
    meant way ways thing things something anything everything someone lot lots kind kinds type
    types sort example examples instance case cases part parts part number numbers time times
    first second third last next new old good better best bad well big small large high low long
    short different difference differences similar able need needs needed want allow allows help
    helps try work works working happen happens become becomes keep keeps put set sets call called
    calls start end begin find found look looks answer question explain describe reason reasons
    result results main important general usually typically basically actually really simply
    possible certain various several two three four five once twice instead rather due based order
    form forms contain contains contained include includes including provide provides provided
    people user person point points fact state stated statement also multiple single whole another
    however able whether without within overall etc simple simply together
    same other another only each both all more most less few many between before after above below
    without during until never always no not every while under over
    around place"""
)

# What people say to each other in a thread, and in no answer.
CHAT_WORDS = words(
    """hello hi hey hiya lol haha thanks thank thx glad sorry guys guy everyone everybody anyone
    anybody folks hint hints stuck clue brb tonight tomorrow morning evening afternoon lunch
    dinner home weekend busy luck lucky wow cool tough tricky hope hoping welcome bye congrats
    yay omg tbh imho love loved interview interviewed homework coffee sleep holiday vacation
    please fun great nice"""
)

# Words of general English: half the weight of a subject's own where texts are aligned.
GENERAL_WORDS = words(
    """able actual add age ago agree air allow almost alone amount appear apply area ask assume
    available away back base become bring build buy calculate care carry cause certain chance
    change check choose clear close collect compare complete concern condition consider continue
    control correct couple course cover create current day decide define degree depend detail
    determine direct directly double early easily easy effect else enough ensure entire especially
    even event eventually exact exactly exist expect extra fact factor fall far fill final finally
    finish fit follow force free full future general generate go great group grow half hand hard
    head hear heavy higher hold hour idea identify imagine improve increase individual inside
    intend interest involve issue join just late lead leave left less let level life light like
    likely limit line little live local longer lose lower major manage matter may maybe mention
    mind minute miss modern moment move name near nearly necessary neither nothing notice now
    object obtain occur often once open opposite original outside own particular pass past perform
    perhaps period pick piece play possible practice prefer present press prevent previous
    probably problem produce proper pull purpose push quick quickly quite rate reach read real
    realize receive recent refer related remain remember remove replace represent require rest
    return right role rule run safe save scale seem select self sense separate set several shape
    share side significant similar simple since situation size slightly slow small specific spend
    stand state stay step still stop straight strong subject such suggest suppose sure talk tell
    tend term therefore think though thought today told took top total true try turn understand
    unit useful usual view wait walk want watch week why wide will wish wonder world worse would
    write wrong year yes yet young"""
)

# Words that any text on computing is full of: they tell one point from another poorly.
FIELD_WORDS = words(
    """model models data system systems process value values function functions information task
    tasks method methods output outputs input inputs text word words token tokens language answer
    answers prompt llm llms network networks train trained training trains layer layers each
    sequence learn learns learned learning computer program code machine quality document
    documents"""
)

# Verbs that relate one thing to another in terse notes ("LoRA: trains small matrices").
RELATION_WORDS = words(
    """freezes frozen freeze trains trained train updates updated uses used adds added learns
    learned keeps kept needs reduces reduced replaces replaced runs run computes computed scales
    scaled sums predicts predicted retrieves retrieved retrieve embeds embed embedded injects inject
    stores stored ranks ranked scores scored rates compares compared generates generated generate
    reads writes maps attends divides normalizes normalized masks masked gives takes makes holds
    lets looks sees depends requires produces returns calls checks measures counts avoids prevents
    improves lowers raises saves costs fits tunes tuned aligns aligned samples sampled picks picked
    chooses sends receives splits joins connects converts encodes decodes translates changes works
    helps cuts drops fails becomes stays goes comes means is are vs versus good better best worse
    bad reduce increase simplify improve add keep make avoid support provide allow use compute
    remove cheap cheaper faster slower easier harder fewer same different"""
)

# Words that turn what follows into its opposite.
NEGATING = words(
    """not no never none neither nor without cannot can't don't doesn't didn't isn't aren't wasn't
    weren't won't wouldn't couldn't shouldn't hasn't haven't hadn't unlike nothing hardly lack
    lacks dont doesnt didnt isnt arent wasnt werent wont cant couldnt wouldnt hasnt havent"""
)
# Words that only look as if a prefix negated them.
NOT_NEGATED = words(
    """along amount around inside insert inserts inserted insertion instance instances information
    inform increase increases increased increasing income individual indicate indicates inherit
    inherits display displays distance discover discuss disease discuss distribute distributed
    distribution discard imply implies implied important import imports image images impact
    improve improves improved include includes included input inputs interest interval intervals
    internal interface interfaces introduce invent involve involves involved understand understands
    under unit units until universe universal union unique address addresses attach attached allow
    allows above about access among another appear apply applies applied array arrays assign
    ascending attend attends attention"""
)
# Pairs of opposites, each side with words that say much the same.
OPPOSITES: tuple[tuple[str, str], ...] = (
    (
        "increase rise grow raise more higher greater larger bigger",
        "decrease fall reduce lower less fewer smaller drop shrink",
    ),
    ("faster quicker quickly", "slower slowly"),
    ("same equal identical alike", "different distinct unequal separate"),
    ("open", "closed close shut"),
    (
        "connected connect attached together joined",
        "separated disconnected unconnected apart separate gap",
    ),
    ("before earlier preceding previous", "after later following next"),
    ("long longer", "short shorter"),
    ("fast", "slow"),
    ("high", "low"),
    ("positive", "negative"),
    ("on", "off"),
    ("true correct right", "false incorrect wrong"),
    ("all every always", "none never"),
    ("full", "empty"),
    ("hot warm hotter warmer", "cold cool colder cooler"),
    ("left", "right"),
    ("input", "output"),
    ("add insert push append", "remove delete pop"),
    ("linear", "nonlinear"),
    ("easy easier simple", "hard harder difficult complex"),
    ("inside internal inner", "outside external outer"),
    ("up above upper", "down below under"),
    ("static fixed constant", "dynamic variable varying changing"),
    ("heavy heavier", "light lighter"),
    ("supervised labelled labeled", "unsupervised unlabelled unlabeled"),
    ("local", "global"),
    ("synchronous", "asynchronous"),
    ("begin start front beginning first", "end back rear last"),
    ("public", "private"),
    ("best better", "worst worse"),
    ("maximum maximise maximize most", "minimum minimise minimize least"),
    ("strong stronger", "weak weaker"),
    ("hard", "soft"),
    ("encode encoder", "decode decoder"),
    ("read", "write"),
    ("send sender transmit", "receive receiver"),
    ("attract", "repel"),
    ("float", "sink"),
    ("wet", "dry"),
    ("dark darker", "bright brighter"),
    ("cheap cheaper", "expensive costly"),
    ("parallel simultaneous", "sequential serial"),
    ("overfit overfitting", "underfit underfitting"),
    ("converge", "diverge"),
    ("known", "unknown"),
    ("rough", "smooth"),
    ("thick thicker", "thin thinner"),
    ("single", "multiple many several"),
    ("win gain", "lose loss"),
    ("forward", "backward"),
)
