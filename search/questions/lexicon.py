# ruff: noqa: RUF001 - letters of other scripts belong here
"""Pure: small words of several languages, by which a question shows its language and whether it stands alone.

A language that is not here loses little: its short questions are taken with the turn before them.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Language:
    """`small`: words that carry no subject. `leaning`: words that point at something said before.

    `opening`: what a question begins with that goes on from another. `polite`: greetings, thanks and the like.
    """

    small: frozenset[str]
    leaning: frozenset[str]
    opening: tuple[str, ...]
    polite: tuple[str, ...]


def _language(small: str, leaning: str, opening: str, polite: str) -> Language:
    """Words are separated by spaces, phrases by semicolons."""
    return Language(frozenset(small.split()), frozenset(leaning.split()), _phrases(opening), _phrases(polite))


def _phrases(text: str) -> tuple[str, ...]:
    return tuple(" ".join(phrase.split()) for phrase in text.split(";"))


LANGUAGES: Mapping[str, Language] = {
    "en": _language(
        small="""a about after all am an and any are as at be been before being but by can could did do does doing
            for from get gets go had has have having how i if in into is it's just let may me might mine much many
            must my need no not of off on or our out over please shall should so some tell than that's the to us
            very was we were what what's when where which while who who's whom whose why will with would yes you
            your yours know want like make give show find say says mean means there's don't doesn't isn't aren't
            i'm you're explain exactly really actually long often far because within without""",
        leaning="""it its they them their theirs that this these those he him his she her hers one ones same there
            then former latter other others another instead else too also again both either neither first second
            third fourth last next previous more less further such thereof afterwards otherwise similarly likewise
            above below""",
        opening="""and; but; or; so; also; then; what about; how about; what if; and if; why not; how so; how come;
            what else; who else; where else; otherwise; even if; even; same for; only; except; ok and; okay and;
            in that case; for example""",
        polite="""okay then; see you tomorrow; until tomorrow; see you soon; very funny; funny; hahaha; hehe; hmm;
            that was all i needed; that's all i needed; have a nice evening; have a nice weekend; nice weekend;
            happy weekend; talk to you later; what are you able to help me with; what are you able to do;
            what can you help me with; how can you help me; what do you do; that was helpful; good to know;
            no thanks; no thank you; welcome back; everyone; all the best; bless you; dear; my friend;
            wonderful day; good luck; hello; hello there; hi; hi there; hey; hey there; good morning;
            good afternoon; good evening; good night; good day; morning; evening; howdy; greetings; how are you;
            how are you doing; how are you today; how is it going; how's it going; what's up; thanks; thank you;
            thank you very much; thanks a lot; many thanks; thx; ty; cheers; great; perfect; nice; cool; awesome;
            excellent; wonderful; brilliant; ok; okay; alright; all right; got it; i see; understood; makes sense;
            sounds good; good; well done; good job; great job; bye; goodbye; bye bye; see you; see you later;
            have a nice day; have a good day; nice to meet you; you're welcome; no problem; no worries; never mind;
            sorry; yes; no; yep; nope; sure; please; who are you; what are you; what can you do; what is your name;
            what's your name; can you help me; help me; help; are you there; are you a robot; are you human; haha;
            lol; wow; that helps; that helped; that helps me; this helps; this helped; your help; that's all;
            that is all; very helpful; test; testing""",
    ),
    "de": _language(
        small="""ab aber als am an auch auf aus bei beim bin bis bist bitte da dann darf das dass dem den der des
            die dir dich doch du durch ein eine einem einen einer eines er es euch euer für gegen genau gibt habe
            haben hast hat hatte ich ihr im in ins ist ja kann kannst können mal man mehr mein meine meinem meinen
            meiner mich mir mit muss müssen nach nein nicht noch nur ob oder ohne pro schon sehr sein seine sich
            sie sind so soll sollen sollte über um und uns unser unsere unter viel viele vom von vor wann war waren
            warum was welche welchem welchen welcher welches wem wen wenn wer werde werden wessen wie wieso wieviel
            wird wo wofür woher wohin worin wir zu zum zur zwischen hier möchte will wollen lange oft sag zeig
            erkläre gilt gelten macht machen geht bekomme bekommt dürfen""",
        leaning="""dies diese diesem diesen dieser dieses davon dafür dazu darin darüber darunter dabei damit dort
            danach davor dagegen daran darauf daraus dadurch derselbe dieselbe dasselbe denselben ebenso genauso
            ersten erste erster zweite zweiten zweiter dritte dritten vierte letzte letzten nächste nächsten
            nächstes nächster vorherige andere anderen anderer anderes beide beiden ersteres letzteres sonst
            stattdessen außerdem weitere weiteren ihn ihm ihnen jene jener jenes solche solchen denen deren dessen""",
        opening="""und; aber; oder; sowie; also; dann; und was ist mit; was ist mit; wie ist es mit;
            wie sieht es mit; wie sieht's mit; und wie; und wenn; was wenn; auch; sonst; sonst noch; was noch;
            wer noch; wo noch; außerdem; gilt das; gilt das auch; ansonsten; ab wann; bis wann; seit wann; von wem;
            an wen; und für; nur; zum beispiel; in diesem fall""",
        polite="""guten tag zusammen; hallo zusammen; guten morgen zusammen; schönes wochenende; schönen abend;
            schönen feierabend; bis morgen; bis dann; bis gleich; das hat mir geholfen; das hat geholfen;
            das hat mir sehr geholfen; das war hilfreich; sehr hilfreich; hilfreich; na gut; schon gut;
            gute besserung; hmm; haha; hahaha; lustig; sehr lustig; gut gemacht; wobei kannst du mir helfen;
            was machst du; wie heißt du; nein danke; ja bitte; viel erfolg; liebe grüße; viele grüße; hallo; hi;
            hey; servus; moin; grüezi; grüß gott; grüß dich; guten morgen; guten tag; guten abend; gute nacht;
            wie geht's; wie gehts; wie geht es dir; wie geht es ihnen; na; danke; danke schön; dankeschön;
            danke dir; danke sehr; vielen dank; vielen lieben dank; besten dank; herzlichen dank; super; prima;
            toll; perfekt; klasse; wunderbar; sehr gut; gut; alles klar; verstanden; ok; okay; passt; genau;
            tschüss; tschüs; ciao; auf wiedersehen; bis bald; bis später; schönen tag; schönen tag noch;
            einen schönen tag noch; bitte; bitte schön; gern geschehen; gerne; kein problem; entschuldigung; ja;
            nein; doch; wer bist du; wer sind sie; was kannst du; was können sie; was kannst du alles;
            kannst du mir helfen; hilfe; test; das war's; das hilft; das hilft mir""",
    ),
    "fr": _language(
        small="""à ai as au aux avec avez avoir avons c'est ce ces cet cette chez combien comment d dans de des
            dois doit du elle en est est-ce et être eu fait faire faut il ils j j'ai je jusqu l la le les leur lui
            m ma mais me mes moi mon n ne nos notre nous on ont ou où par pas pendant peut peux plus pour pourquoi
            puis qu quand que quel quelle quelles quels qui quoi s sa sans se selon ses si son sont sous sur t ta
            te tes toi ton tu un une vers vos votre vous y a t-il sera""",
        leaning="""ça cela ceci celui celle ceux celles celui-ci celle-ci ils elles lui leur eux premier première
            deuxième second seconde troisième dernier dernière suivant suivante prochain prochaine autre autres
            même mêmes aussi sinon ensuite encore là""",
        opening="""et; mais; ou; donc; alors; aussi; et pour; et si; qu'en est-il de; et qu'en est-il; sinon;
            et ensuite; par exemple; dans ce cas""",
        polite="""bonne soirée; bonne nuit; bon week-end; bon weekend; à demain; haha; hahaha; mdr; ton aide;
            votre aide; pour ton aide; pour votre aide; c'est noté; c'est bon; bien reçu; que sais-tu faire;
            que peux-tu faire; que pouvez-vous faire; peux-tu m'aider; non merci; bonjour; bonsoir; salut; coucou;
            bonne journée; ça va; comment ça va; comment vas-tu; comment allez-vous; merci; merci beaucoup;
            merci bien; mille mercis; super; parfait; génial; très bien; d'accord; ok; compris; au revoir;
            à bientôt; à plus; oui; non; s'il vous plaît; s'il te plaît; pardon; de rien; qui es-tu; qui êtes-vous;
            aide; aide-moi""",
    ),
    "es": _language(
        small="""a al algún alguna ante como cómo con cuál cuáles cuándo cuánta cuántas cuánto cuántos de debe debo
            del desde donde dónde e el en entre era es está están este estoy fue ha hace hacer han hasta hay he la
            las le les lo los me mi mis muy más necesito no nos nuestra nuestro o para pero por porque puede puedo
            que qué quién quiénes se sea ser si sí sin sobre son soy su sus te tengo tiene tienen tu tus u un una
            unas unos usted y ya yo""",
        leaning="""eso esto esta estos estas ese esa esos esas aquel aquella ello él ella ellos ellas primero
            primera segundo segunda tercero tercera último última siguiente próximo próxima otro otra otros otras
            mismo misma también además entonces después ahí allí""",
        opening="""y; pero; o; entonces; también; y si; qué hay de; y qué hay de; qué pasa con; y qué pasa con;
            y para; además; por ejemplo; en ese caso""",
        polite="""jaja; jajaja; haha; buen fin de semana; hasta la vista; buen día; que tengas un buen día;
            tu ayuda; su ayuda; por tu ayuda; no gracias; me alegro; estupendo; qué sabes hacer; hola; buenos días;
            buenas tardes; buenas noches; buenas; qué tal; cómo estás; cómo está; gracias; muchas gracias;
            mil gracias; perfecto; genial; vale; de acuerdo; entendido; muy bien; bien; ok; adiós; hasta luego;
            hasta pronto; hasta mañana; chao; sí; no; por favor; perdón; de nada; quién eres; qué puedes hacer;
            ayuda; ayúdame""",
    ),
    "it": _language(
        small="""a ad agli ai al alla alle anche c'è che chi ci ciò come con cosa da dai dal dalla dei del della
            delle deve devo di dove e è ed era fa fare fino fra gli ha hai hanno ho i il in io la le lo ma mi mia
            mie mio nei nel nella noi non nostra nostro o per perché più posso può qual quale quali quando quanta
            quante quanti quanto se sei si sia sono su sul sulla suo tra tu tua tuo un una uno vi voi""",
        leaning="""questo questa questi queste quello quella quelli quelle esso essa essi loro lui lei primo prima
            secondo seconda terzo terza ultimo ultima prossimo prossima altro altra altri altre stesso stessa
            invece poi inoltre altrimenti ne lì""",
        opening="""e; ma; o; oppure; quindi; allora; anche; e se; e per; che ne è di; e che dire di; inoltre;
            per esempio; in questo caso""",
        polite="""buona serata; buona giornata; buon weekend; a domani; haha; ahah; ahaha; il tuo aiuto; no grazie;
            cosa puoi fare; benissimo; ciao; salve; buongiorno; buon giorno; buonasera; buona sera; buonanotte;
            come stai; come sta; come va; grazie; grazie mille; molte grazie; tante grazie; perfetto; ottimo; bene;
            va bene; capito; ok; arrivederci; a presto; a dopo; sì; no; per favore; scusa; scusi; prego; chi sei;
            cosa sai fare; aiuto; aiutami""",
    ),
    "pt": _language(
        small="""a ao aos as até com como da das de do dos e é ela ele em entre era essa esta está estou eu foi há
            isso mais mas me meu minha muito na nas não no nos o onde os ou para pela pelo por porque posso pode
            qual quais quando quanta quantas quanto quantos que quem se sem ser seu sua são sobre tem tenho um uma
            você vocês""",
        leaning="""isso isto este estes estas esse esses essas aquele aquela eles elas primeiro primeira segundo
            segunda terceiro terceira último última próximo próxima outro outra outros outras mesmo mesma também
            então depois aí lá""",
        opening="""e; mas; ou; então; também; e se; e quanto a; e para; e o que; além disso; por exemplo;
            nesse caso""",
        polite="""bom fim de semana; até breve; até já; kkk; haha; sua ajuda; não obrigado; o que você faz; olá;
            oi; bom dia; boa tarde; boa noite; tudo bem; como vai; como está; obrigado; obrigada; muito obrigado;
            muito obrigada; valeu; perfeito; ótimo; certo; entendi; ok; tchau; adeus; até logo; até amanhã; sim;
            não; por favor; desculpa; de nada; quem é você; o que você pode fazer; ajuda""",
    ),
    "nl": _language(
        small="""aan al als ben bij dan dat de deze die dit doe doen door een en er gaat geen geldt heb hebben
            heeft het hij hoe hoeveel hoelang ik in is je kan kunnen maar mag me meer met mij mijn moet moeten na
            naar niet nog nu of om onder ons onze ook op over te tot uit van veel voor waar waarom wanneer waren
            was wat we welk welke wel wie wij wil worden wordt zijn zo zonder zou""",
        leaning="""daarvan daarvoor daarmee daarna daarin daarover eerste tweede derde laatste volgende vorige
            andere ander dezelfde hetzelfde beide anders ze hen hun hem haar zulke""",
        opening="""en; maar; of; dus; ook; dan; en als; wat als; hoe zit het met; en hoe zit het met; en voor;
            bijvoorbeeld; in dat geval""",
        polite="""fijn weekend; fijne dag; fijne avond; tot morgen; tot later; haha; jouw hulp; je hulp;
            nee bedankt; wat doe je; hallo; hoi; hey; goedemorgen; goedemiddag; goedenavond; goedendag;
            goeienavond; hoe gaat het; hoe gaat het met je; alles goed; dank je; dank je wel; dank u; dank u wel;
            bedankt; hartelijk bedankt; top; prima; super; perfect; goed; oké; ok; begrepen; duidelijk; tot ziens;
            doei; dag; ja; nee; alsjeblieft; sorry; graag gedaan; wie ben je; wat kun je; help; help me""",
    ),
    "zh": _language(
        small="""的 了 吗 吧 啊 呀 是 有 在 和 与 或 我 你 您 我们 你们 什么 怎么 怎样 如何 多少 几 谁 哪 哪里 哪个
            哪些 哪儿 何时 什么时候 为什么 能 可以 可 会 要 需要 应该 请 请问 对 于 从 到 给 被 把 就 都 也 很 不
            没 没有 个 年 天 多久 多长 时间 一 下 告诉 知道 想 是否""",
        leaning="""它 它们 他 他们 她 她们 这 这个 这些 那个 那些 其 其中 第一 第二 第三 最后 下一个 下个 上一个
            另一个 另外 别的 其他 同样 一样 此 该 前者 后者 还有 第二个 第一个 第三个 这样 那样 这种 那种 之后 然后
            呢""",
        opening="""那么; 那; 还有; 而且; 而; 以及; 但是; 但; 如果; 然后; 所以; 或者; 另外; 除此之外; 比如; 也;
            同样; 换成; 要是; 对于""",
        polite="""嗯; 嗯嗯; 哈; 哈哈; 呵呵; 嘿; 嘻嘻; 謝謝; 再見; 早晨; 晚安; 周末愉快; 祝你愉快; 你能帮我什么;
            你能帮我做什么; 你可以做什么; 没事; 没问题; 好呀; 收到; 厉害; 真棒; 太棒了; 好玩; 有意思; 好笑; 加油;
            你好; 您好; 你好吗; 您好吗; 大家好; 嗨; 哈喽; 早; 早安; 早上好; 上午好; 下午好; 晚上好; 最近怎么样;
            谢谢; 谢谢你; 谢谢您; 多谢; 非常感谢; 感谢; 太好了; 很好; 好的; 好; 好吧; 行; 明白; 明白了; 知道了;
            了解; 懂了; 再见; 拜拜; 回头见; 明天见; 不客气; 没关系; 对不起; 抱歉; 是的; 不是; 对; 你是谁;
            你能做什么; 你会做什么; 你会什么; 你叫什么名字; 帮帮我; 帮我; 辛苦了; 帮助; 测试""",
    ),
    "ar": _language(
        small="""في من على الى عن مع هل ما ماذا متى اين كيف كم لماذا لمن ان اذا او ثم لا لم لن ليس نعم قد كان كانت
            يكون تكون هناك كل بعض بعد قبل عند لدى لي لك لنا انا انت نحن التي الذي الذين يمكن يمكنني يجب اريد حتى
            بين خلال حول هي هو ماهي ماهو لكل اي ايضا""",
        leaning="""هذا هذه ذلك تلك هولاء اولئك هو هي هم منه منها عنه عنها فيه فيها له لها لهم به بها عليه عليها
            الاول الاولى الثاني الثانيه الثالث الثالثه الاخير الاخيره التالي التاليه السابق السابقه الاخر الاخرى
            غيره غيرها نفسه نفسها ايضا كذلك اخرى اخر بعدها بعده""",
        opening="""وماذا عن; وماذا; وماذا لو; ماذا عن; وما; وهل; وكم; وكيف; ومتى; واين; ومن; ولمن; ولماذا; واذا;
            ولكن; لكن; وفي; وعن; ومع; وهو; وهي; او; ثم; وان; وبعد; ايضا; كذلك; مثلا; وبالنسبه; وعند""",
        polite="""هههه; ههههه; ههه; هه; الى الغد; نهارك سعيد; ليله سعيده; عطله سعيده; بارك الله فيك; العفو; احسنت;
            مع السلامه; ما الذي يمكنك فعله; كيف يمكنك مساعدتي; ماذا تفعل; لا شكرا; مرحبا; مرحبا بك; اهلا;
            اهلا وسهلا; هلا; السلام عليكم; وعليكم السلام; صباح الخير; صباح النور; مساء الخير; تصبح على خير;
            كيف حالك; كيف الحال; كيفك; شكرا; شكرا لك; شكرا جزيلا; شكرا جزيلا لك; جزاك الله خيرا; ممتاز; رائع; جيد;
            جيد جدا; حسنا; تمام; فهمت; مفهوم; وداعا; الى اللقاء; نعم; لا; عفوا; من فضلك; اسف; من انت;
            ماذا تستطيع ان تفعل; ماذا يمكنك ان تفعل; ما اسمك; ساعدني; مساعده""",
    ),
    "ru": _language(
        small="""а без бы быть в вам вас во вот все вы где да для до его ее есть же за и из или их к как какая
            какие какой каких когда ко кто ли можно мне мой моя мы на надо не нет нужно о об он она они от по
            почему при с сколько со так то у уже чего чем что чтобы я""",
        leaning="""это этот эта эти этого этой этому том того тот та те он она они его её них ним ней первый вторая
            второй второго третий последний следующий следующем другой другие другого тоже также иначе потом там
            ещё еще""",
        opening="""а; и; но; или; а если; а что; а как; что насчет; что насчёт; а для; тогда; ещё; например""",
        polite="""хаха; ахаха; до завтра; хороших выходных; хорошего дня; за помощь; нет спасибо; что ты можешь;
            доброй ночи; привет; здравствуй; здравствуйте; добрый день; доброе утро; добрый вечер; как дела;
            спасибо; большое спасибо; спасибо большое; отлично; хорошо; супер; понятно; понял; поняла; ясно; ок;
            пока; до свидания; да; нет; пожалуйста; извините; кто ты; что ты умеешь; помоги; помощь""",
    ),
    "ja": _language(
        small="""は が を に の で と も か ね よ です ます ですか ますか 何 いつ どこ 誰 どう なぜ いくら いくつ
            ください 教えて ある いる する この""",
        leaning="""それ これ あれ その あの そこ ここ 二番目 一番目 三番目 最後 次 前 他 ほか 同じ もう""",
        opening="""では; じゃあ; それで; それでは; そして; でも; また; もし; 例えば""",
        polite="""笑; おやすみ; おやすみなさい; また明日; よい週末を; 了解しました; いいね; すごい; 失礼します;
            ごめんなさい; こんにちは; こんばんは; おはよう; おはようございます; お疲れ様です; ありがとう;
            ありがとうございます; どうも; すみません; はい; いいえ; 了解; 了解です; わかりました; なるほど;
            さようなら; またね; お元気ですか; あなたは誰ですか; 何ができますか; 助けて""",
    ),
}
