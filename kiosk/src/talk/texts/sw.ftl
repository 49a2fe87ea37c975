# Swahili. The limits are those of en.ftl.

screen-approved =
    Karibu { $name }
    Chota { $volume } l
    Salio { $balance } l
    Mitungi { $jerrycans }
screen-receipt =
    Umepata { $volume } l
    Salio { $balance } l
    Mitungi { $jerrycans }
    Risiti { $receipt }
screen-locked =
    PIN mbaya mno
    Jaribu tena baada ya
    dakika { $minutes }

denied-bad_request =
    Haijaeleweka
    Jaribu tena
denied-gateway_degraded =
    Haiko tayari sasa
    Subiri kidogo kisha
    ujaribu tena
denied-dispenser_disabled =
    Bomba limefungwa
    Tumia lingine
denied-volume_out_of_range =
    Kiasi hakiwezekani
    Chagua kingine
denied-unknown_customer =
    Namba haijulikani
    Ikague au
    jisajili kwanza
denied-not_at_this_site =
    Umesajiliwa kwenye
    kituo kingine
    Muulize msimamizi
denied-locked =
    PIN mbaya mno
    Subiri au
    muulize msimamizi
denied-wrong_pin =
    PIN si sahihi
    Jaribu tena
denied-token_invalid =
    Msimbo si sahihi
    Ukague kisha
    ujaribu tena
denied-token_used =
    Msimbo huu
    umeshatumika
denied-inactive =
    Akaunti haitumiki
    Muulize msimamizi
denied-bill_overdue =
    Ankara haijalipwa
    Lipa ili uchote maji
denied-daily_limit =
    Kikomo cha leo
    kimefikiwa
    Rudi kesho
denied-subscription_expired =
    Usajili umeisha
    Uhuishe au
    nunua lita
denied-jerrycans_used =
    Mitungi imeisha
    Nunua lita
denied-insufficient_credit =
    Maji hayatoshi
    Omba kidogo au
    nunua lita

topup-paid = Tumepokea { $amount }. Umenunua lita { $volume } za maji; salio lako ni lita { $balance }. Risiti { $receipt }.
deposit-paid = Tumepokea { $amount }. Pochi yako ina { $wallet }. Risiti { $receipt }.
bill-paid = Tumepokea { $amount } za ankara yako ya maji. Risiti { $receipt }.
bill-part-paid = Tumepokea { $amount } za ankara yako ya maji. Bado { $left }, lipa hadi { $due }. Risiti { $receipt }.
subscription-paid = Tumepokea { $amount }. Usajili ni halali hadi { $last_day }, mitungi { $jerrycans }. Msimbo wako ni { $code }. Risiti { $receipt }.
payment-retry = Malipo ya { $amount } hayakufanikiwa. Tafadhali jaribu tena. Kama pesa zilikatwa, utawekewa kwenye akaunti yako.
payment-cancelled = Umeghairi malipo ya { $amount }. Hakuna pesa zilizokatwa.
payment-expired = Malipo ya { $amount } hayakuthibitishwa kwa wakati. Tafadhali jaribu tena. Kama ulithibitisha, utapata ujumbe.
subscription-reminder = { $name }, usajili wako wa maji unaisha tarehe { $last_day }. Uhuishe ili uendelee kuchota maji.
subscription-ended = { $name }, usajili wako wa maji uliisha tarehe { $last_day }. Uhuishe ili uchote tena. Lita ulizonunua bado ni zako.
stop-hint = Kuacha: jibu STOP
bill-issued = Ankara yako ya maji ya { $month }: lita { $volume }, { $amount }. Tafadhali lipa hadi { $due }.
bill-reminder = Ankara yako ya maji: bado { $left }, lipa hadi { $due }. Baada ya hapo hutaweza kuchota maji.
bill-overdue = Ankara yako ya maji ilipaswa kulipwa hadi { $due }: bado { $left }. Lipa ili uchote maji tena.
refund-started = Unarudishiwa { $amount }. Utapata ujumbe zikishatumwa.
refund-made = Umerudishiwa { $amount }. Risiti { $receipt }.
refund-failed = Hatukuweza kukurudishia { $amount }. Bado una kila ulichokuwa nacho. Tafadhali uliza kwenye kioski.
cash-paid = Tumepokea taslimu { $amount }. Umenunua lita { $volume } za maji; salio lako ni lita { $balance }. Risiti { $receipt }.
pin-code = Msimbo wako wa PIN mpya ni { $code }. Uandike kwa USSD ndani ya dakika 15. Usimwambie mtu: hatuuombi kamwe.
pin-changed = PIN yako imebadilishwa. Kama si wewe, wasiliana na huduma kwa wateja au meneja wa kioski sasa.
unsubscribed = Usajili wako wa maji umeisha kama ulivyotaka. Lita ulizolipia zinabaki zako.
jerrycans-collected = Umepewa mitungi { $jerrycans } huko { $site }. Umebaki na mitungi { $left }. Si wewe? Tuambie.
number-asked-old = Mtu mwenye jina na PIN yako anaomba kuhamisha akaunti yako kwa namba nyingine. Si wewe? Tuambie mara moja. Hakuna kitu kitakachobadilika bila sisi.
number-asked-new = Tumepokea ombi lako la kuhamishia akaunti kwa namba hii. Tunalichunguza na tutakujulisha. Hadi hapo namba ya zamani inabaki nayo.
number-moved-old = Akaunti yako imehamishwa kwa namba nyingine. Namba hii haiwezi kuitumia tena. Si wewe? Tuambie mara moja.
number-moved-new = Akaunti yako sasa iko kwa namba hii, na maji na PIN yako kama zamani.
number-kept-old = Ombi la kuhamisha akaunti yako kwa namba nyingine halikukubaliwa. Hakuna kilichobadilika.
number-kept-new = Akaunti yako haikuhamishiwa namba hii. Tafadhali muulize msimamizi wa kioski.
purchase-lapsed = Ulichoagiza kwenye kioski tarehe { $asked } kilitufikia kwa kuchelewa. Hakuna pesa zilizokatwa. Tafadhali agiza tena.
purchase-refused = Ulichoagiza kwenye kioski tarehe { $asked } hakiwezi kununuliwa tena. Hakuna pesa zilizokatwa. Tafadhali uliza kwenye kioski.
purchase-open = Umeagiza mara mbili, { $amount }. La kwanza linahesabiwa; hakuna zaidi. Kununua tena, agiza baada ya dakika chache.

# Majibu ya amri za SMS, na mikopo kati ya watu.
sms-registered = Karibu { $name }, akaunti yako ni { $account }. Weka PIN yako kwa USSD au kwenye kioski. Usiitume kamwe kwa SMS.
sms-registered-before = Namba hii tayari imesajiliwa. Akaunti yake ni { $account }.
sms-unknown-sender = Namba hii haijasajiliwa. Tafadhali tuma: SAJILI jina, mji
sms-subscribed = Akaunti { $account }: usajili ni halali hadi { $last_day }, mitungi iliyobaki { $jerrycans }.
sms-not-subscribed = Akaunti { $account }: hakuna usajili halali. Kujua lita zako tuma SALIO.
sms-inactive = Akaunti { $account } haitumiki. Tafadhali uliza kwenye kioski.
sms-balance = Una lita { $water } za maji. Pochi yako ina { $wallet }.
sms-balance-here = Kwenye kioski hiki una lita { $water } za maji na mitungi { $jerrycans }, kama kioski kinavyojua sasa.
sms-usage = Umechota lita { $week } wiki hii na lita { $month } mwezi huu.
sms-usage-here = Kwenye kioski hiki umechota lita { $week } wiki hii na lita { $month } mwezi huu.
sms-no-bill = Huna ankara ya maji ya kulipa.
sms-prompt-sent = Ombi la malipo ya { $amount } linakuja kwenye simu yako. Lithibitishe hapo. Usitume PIN kamwe kwa SMS.
sms-report-logged = Asante. Ripoti yako ina namba { $ticket }. Tutakuandikia ikishatatuliwa.
sms-report-solved = Ripoti yako { $ticket } imetatuliwa. Kama bado, tafadhali ripoti tena.
sms-receipt-paid = Risiti { $receipt }: { $amount } zililipwa tarehe { $day }.
sms-receipt-drawn = Risiti { $receipt }: lita { $volume } za maji zilichotwa tarehe { $day }.
sms-receipt-unknown = Hatuijui risiti { $receipt }. Tafadhali ikague.
sms-language-changed = Kuanzia sasa tutazungumza nawe kwa Kiswahili.
sms-stopped = Hutapata habari zaidi kwa SMS. Majibu, risiti na misimbo bado zitakuja. Kupata habari tena, uliza kwenye kioski.
sms-help = Tuma NUNUA 20, SALIO, HALI, MATUMIZI, ANKARA, LIPA, MIKOPO, ACHA, au: MKOPO 5000 0700000102 500, RIPOTI maneno, KAGUA risiti, LUGHA en
sms-code-wrong = Msimbo huu si sahihi. Umebakiza majaribio { $left }.
sms-code-over = Msimbo huu si halali tena. Kupata mwingine tuma KUBALI
sms-not-understood = Haijaeleweka. { $form ->
        [register] Tafadhali tuma: SAJILI jina, mji
        [status] Tafadhali tuma tu: HALI
        [balance] Tafadhali tuma tu: SALIO
        [buy] Tafadhali tuma lita au mpango: NUNUA 20 au NUNUA monthly
        [usage] Tafadhali tuma tu: MATUMIZI
        [bill] Tafadhali tuma tu: ANKARA
        [pay] Tafadhali tuma tu: LIPA
        [loan] Tafadhali tuma kiasi, mkopeshaji na rejesho: MKOPO 5000 0700000102 500
        [approve] Tafadhali tuma msimbo wa tarakimu sita: KUBALI msimbo
        [loans] Tafadhali tuma tu: MIKOPO
        [report] Tafadhali tuma tatizo: RIPOTI maneno, au kuhusu akaunti nyingine: RIPOTI akaunti maneno
        [check] Tafadhali tuma: KAGUA risiti
        [lang] Tafadhali tuma: LUGHA en, LUGHA sw au LUGHA fr
        [stop] Tafadhali tuma tu: ACHA
       *[help] Kuona unachoweza kutuma: MSAADA
    }
sms-too-long = Ujumbe wako ni mrefu mno. Tafadhali tuma mfupi zaidi.
sms-never-send-pin = Usitume PIN yako kamwe kwa SMS. Hatuiulizi kamwe. Hakuna kilichofanyika. Kama hiyo ni PIN yako, ibadilishe sasa kwa USSD au kwenye kioski.
sms-too-many = Umetuma jumbe nyingi mno kwa siku moja. Tafadhali andika tena kesho, au njoo kwenye kioski.
sms-not-now = Hili haliwezekani kwa sasa. Hakuna kilichofanyika. Tafadhali jaribu tena baadaye, au njoo kwenye kioski.
sms-no-loans = Hapa hakuna mikopo kati ya watu.
sms-too-many-loans = Maombi ya mikopo yamekuwa mengi mno. Hakuna kilichofanyika. Tafadhali omba tena kesho.
sms-being-paid = Hilo hilo linalipwa tayari au limelipwa sasa hivi. Angalia ombi la malipo kwenye simu yako, au tuma tena baada ya dakika chache.
sms-no-payments = Hapa huwezi kulipa kwa simu. Hakuna pesa zilizochukuliwa. Tafadhali lipa kwenye kioski.
sms-choose-site = Bado huna kituo cha maji. Kichague kwa USSD kwenye Nunua maji, au kioskini, kisha tuma tena.
sms-queued = Imeandikwa. Mtandao haupo sasa: ombi litatumwa mtandao ukirudi, na utapata habari wakati huo. Usitume tena.
sms-forwarded = Imeandikwa. Mtandao haupo sasa: ofisi itapata ujumbe wako mtandao ukirudi. Usitume tena.
loan-asked = Tumemwomba { $lender } mkopo wa { $amount }, rejesho { $repayment } kila { $days ->
        [7] wiki
       *[other] siku { $days }
    }. Tutakujulisha.
loan-waiting = { $name } { $borrower } anakuomba { $amount }, rejesho { $repayment } kila { $days ->
        [7] wiki
       *[other] siku { $days }
    }. Kukopesha tuma KUBALI { $code }
loan-invited = { $name } { $borrower } anakuomba mkopo wa { $amount }. Kumjibu tafadhali tuma: SAJILI jina, mji
loan-approved = { $name } anakukopesha { $amount }. Rejesho { $repayment } kila { $days ->
        [7] wiki
       *[other] siku { $days }
    }, la kwanza { $first }.
loan-approved-undated = { $name } anakukopesha { $amount }. Rejesho { $repayment } kila { $days ->
        [7] wiki
       *[other] siku { $days }
    }.
loan-given = Umemkopesha { $name } { $amount }. Pochi yako ina { $wallet }.
loan-refused = { $name } hakukopeshi { $amount }.
loan-expired = Hakuna aliyejibu ombi lako la mkopo wa { $amount } kwa wakati. Unaweza kuomba tena.
loan-cancelled = { $name } hakuombi tena mkopo wa { $amount }.
loan-paid-back-part = Umemrudishia { $name } { $amount }. Bado { $left }.
loan-paid-back = Umemrudishia { $name } { $amount }. Mkopo wote umelipwa.
loan-came-back-part = { $name } amekurudishia { $amount }. Bado { $left }.
loan-came-back = { $name } amekurudishia { $amount }. Mkopo wote umelipwa.
loan-reminder = { $amount } za mkopo wako kutoka { $name } zinalipwa tarehe { $due }. Zitakatwa kwenye pesa unazoweka.
loan-overdue = { $amount } za mkopo wako kutoka { $name } zilipaswa kulipwa { $due }. Zitakatwa kwenye pesa unazoweka.
loan-summary = Unadaiwa { $owed }, za kulipwa sasa { $due }. Umekopesha { $lent }. Maombi kwako: { $waiting }.
loan-too-small = Mkopo ni angalau { $minimum }.
loan-own-number = Hii ni namba yako mwenyewe. Tafadhali tuma namba ya mkopeshaji.
loan-bad-repayment = Rejesho lazima lizidi sifuri na lisizidi mkopo wa { $amount }.
loan-over = Ombi hili la mkopo halikusubiri tena. Hakuna kilichohamishwa.
loan-not-owed = Unadaiwa { $left } kwa mkopo huu. Tafadhali lipa zote au sehemu yake.
loan-other-currency = Mkopo huu ni wa { $currency }. Pochi yako ina fedha nyingine.
loan-wallet-too-low = Pochi yako ina { $wallet }, ambazo hazitoshi. Hakuna kilichohamishwa.

# Kwa anayeangalia kioski.
alarm-doubt = { $site } haiuzi maji sasa: sehemu ya kumbukumbu zake haipo hadi kituo kikuu kirudishe. Rudisha mtandao wake.
alarm-other-medium = { $site } haiuzi maji sasa: hii si kadi au diski iliyojiunga. Weka ile, au jiunge tena kwa --replace.
alarm-retired = { $site } haiuzi maji sasa: kifaa kingine kimechukua nafasi yake, au kituo kikuu kimeifunga.
alarm-disk-low = { $site }: diski inakaribia kujaa. Maji yanauzwa; mikopo, manunuzi na pesa taslimu vinasubiri. Ongeza nafasi.
alarm-airtime-low = { $site }: salio la laini yake ni { $left } tu. Tafadhali ongeza salio.
alarm-airtime-unknown = { $site }: mtandao haujasema salio la laini kwa siku 3. Angalia laini na mipangilio.
alarm-modem-back = { $site }: modemu inafanya kazi tena baada ya dakika { $minutes }. Ujumbe ulisubiri wakati huo.
alarm-pin-spraying = { $site }: bomba moja lilipata PIN 30 zisizo sahihi ndani ya saa moja na limepunguzwa kasi. Angalia nani yupo hapo.
alarm-meter-ahead = { $site }: mita inaonyesha maji mengi kuliko yaliyoandikwa. Huenda kumbukumbu zimerudishwa nyuma. Angalia ukurasa.
alarm-dispenser-silent = { $site }: bomba { $dispenser } halijasikika kwa dakika { $minutes }. Angalia umeme na mtandao wake.
alarm-dispensers-silent = { $site }: bomba { $dispenser } halijasikika kwa dakika { $minutes }, na mengine { $others } yako kimya. Angalia umeme na mtandao.
alarm-other = { $site }: tahadhari "{ $code }". Ukurasa wa kituo kikuu unaeleza zaidi, chini ya Alarms.

# The menus by USSD. The limits are those of en.ftl.

# What menus share.
ussd-back = 0. Rudi
ussd-exit = 0. Toka
ussd-cancel = 0. Ghairi
ussd-more = 9. Zaidi
ussd-told = { $text }
ussd-goodbye = Asante. Kwaheri.
ussd-made = Imekamilika.
ussd-invalid-input = chaguo si sahihi
ussd-apology = Haikufanikiwa. Tafadhali piga tena.
ussd-too-slow = Inachukua muda. Piga tena na uangalie kabla ya kurudia.
ussd-go-on =
    Ulikatizwa mara iliyopita.
    1. Endelea
    0. Anza upya
ussd-role-menu =
    Karibu { $name }
    1. Maji yangu
    2. Kituo { $site }

# Short lines about a wrong input, at most 21 units.
ussd-note-choice = Chaguo si sahihi
ussd-note-phone = Namba si sahihi
ussd-note-own-phone = Hii ni namba yako
ussd-note-amount = Kiasi si sahihi
ussd-note-minimum = Angalau: { $least }
ussd-note-repayment = Inazidi mkopo
ussd-note-too-much = Inazidi deni
ussd-note-pin = Andika tarakimu 4
ussd-note-pin-common = PIN rahisi kukisia
ussd-note-pin-wrong = PIN si sahihi
ussd-note-pin-same = Chagua PIN nyingine
ussd-note-pins-differ = PIN hazilingani
ussd-note-name = Andika jina
ussd-note-litres = Andika 1 hadi 10000
ussd-note-number = Andika namba
ussd-note-code = Andika tarakimu 6
ussd-note-too-long = Ndefu mno
ussd-note-words = Tumia maneno
ussd-note-unknown = Haijaeleweka

# PINs.
ussd-enter-pin = Weka PIN yako:
ussd-choose-pin =
    Bado huna PIN.
    Chagua PIN ya tarakimu 4:
ussd-pins-wrong = Umekosea PIN mara nyingi mno. Tafadhali piga tena baadaye.
ussd-pin-locked = Umekosea PIN mara nyingi mno. Jaribu tena baada ya dakika { $minutes }, au muulize msimamizi wa kioski.
ussd-pin-changed = PIN yako imebadilishwa.
ussd-enter-old-pin = Weka PIN ya zamani:
ussd-enter-first-pin = Weka PIN ya kwanza uliyopewa na ofisi:
ussd-enter-pin-code = Weka msimbo wa SMS:
ussd-pin-code-sent = Msimbo unatumwa kwa SMS.

# Loans (FEATURES C13, C32 to C39).
ussd-loans-menu =
    MIKOPO YA M-PESA
    1. Omba mkopo
    2. Mikopo yangu
    3. Idhinisha mkopo
    4. Salio
    5. Miamala
ussd-loan-phone =
    OMBA MKOPO
    Weka namba ya mkopeshaji:
ussd-loan-amount = Weka kiasi cha mkopo ({ $currency }):
ussd-loan-repayment = Weka malipo ya kila awamu ({ $currency }):
ussd-loan-confirm =
    THIBITISHA MKOPO
    Mkopeshaji: { $lender }
    Kiasi: { $amount }
    Malipo: { $repayment }
    1. Thibitisha 0. Ghairi
ussd-loan-requested =
    IMEFAULU
    Ombi la mkopo limetumwa kwa { $lender }
ussd-failure =
    HITILAFU
    { $why }
ussd-my-loans = MIKOPO YANGU
ussd-no-loans = Huna mikopo.
ussd-borrowed-row = Toka { $phone } { $amount }: { $state }
ussd-lent-row = Kwa { $phone } { $amount }: { $state }
ussd-loan-detail =
    { $side }: { $phone }
    Kiasi: { $amount }
    Malipo: { $repayment } { $period }
    { $state }
ussd-loan-left = Baki: { $left }
ussd-loan-can-cancel = 1. Ondoa ombi
ussd-loan-can-repay = 1. Lipa
ussd-repay-amount = Weka kiasi cha kulipa ({ $currency }):
ussd-confirm-repay =
    Rudisha { $amount }?
    1. Ndiyo
    0. Ghairi
ussd-approvals = IDHINISHA MKOPO
ussd-no-approvals = Hakuna mkopo unaokungoja.
ussd-approval-row = { $phone } { $amount }
ussd-approval-confirm =
    IDHINISHA MKOPO
    Mkopaji: { $phone }
    Kiasi: { $amount }
    Malipo: { $repayment } { $period }
    1. Idhinisha 2. Kataa
    0. Ghairi
ussd-loan-approved =
    IMEFAULU
    Mkopo umeidhinishwa
ussd-loan-refused =
    IMEFAULU
    Mkopo umekataliwa
ussd-loan-cancelled =
    IMEFAULU
    Ombi la mkopo limeondolewa
ussd-loan-repaid =
    IMEFAULU
    Umelipa { $amount }
ussd-loan-balance =
    SALIO
    { $wallet }
ussd-movements = MIAMALA
ussd-no-movements = Hakuna miamala bado.
ussd-movement-row = { $day } { $amount } { $kind }
ussd-moved-deposit = amana
ussd-moved-purchase = ununuzi
ussd-moved-loan = mkopo
ussd-moved-repayment = marejesho
ussd-moved-payout = malipo
ussd-moved-other = mengine
ussd-lender = Mkopeshaji
ussd-borrower = Mkopaji
ussd-per-day = kwa siku
ussd-per-week = kwa wiki
ussd-per-days = kwa siku { $days }
ussd-loan-invited = amealikwa
ussd-loan-asked = unasubiri
ussd-loan-open = unaendelea
ussd-loan-late = umechelewa
ussd-loan-is-repaid = umelipwa
ussd-loan-is-refused = umekataliwa
ussd-loan-is-cancelled = umeondolewa
ussd-loan-expired = umepitwa

# Registration (FEATURES D20).
ussd-enter-name = Weka jina lako
ussd-enter-name-or-move =
    Weka jina lako
    (1: nilikuwa na namba nyingine)
ussd-enter-city = Weka mji wako
ussd-enter-new-pin = Weka PIN ya tarakimu 4
ussd-enter-pin-again = Weka PIN tena
ussd-review =
    Jina: { $name }
    Mji: { $city }
    1. Sahihi
    2. Badilisha
ussd-account-created = Akaunti imefunguliwa! ID: { $account }
ussd-enter-old-phone = Weka namba yako ya zamani:
ussd-enter-old-name = Weka jina ulilosajiliwa nalo:
ussd-enter-old-phone-pin = Weka PIN ya akaunti hiyo:
ussd-number-asked = Tunakagua ombi lako; utapata ujumbe. Hadi hapo akaunti inabaki kwa namba ya zamani.

# The main menus.
ussd-water-menu =
    Karibu { $name }
    1. Nunua maji
    2. Maji yangu
    3. Lipa ankara
    4. Oda zangu
    5. Mikopo
    6. Msaada
    7. Akaunti yangu
ussd-services-menu =
    Karibu { $name }
    1. Weka pesa
    2. Hali ya oda
    3. Salio la akaunti
    4. Huduma kwa wateja
ussd-household-menu =
    Karibu { $name }
    1. Matumizi ya maji
    2. Lipa ankara
    3. Ripoti tatizo
ussd-buy-menu =
    NUNUA
    1. Usajili wa mwezi
    2. Lita
    3. Pesa za pochi
ussd-mine-menu =
    MAJI YANGU
    1. Salio
    2. Mitungi iliyobaki
    3. Msimbo wa mwezi
    4. Matumizi
    5. Hamia kituo kingine
ussd-help-menu =
    MSAADA
    1. Ripoti tatizo
    2. Omba kupigiwa simu
ussd-account-menu =
    AKAUNTI YANGU
    1. Lugha
    2. Badilisha PIN
    3. Nimesahau PIN
    4. Jiondoe
ussd-language-menu =
    LUGHA
    1. English
    2. Kiswahili
    3. Francais
ussd-pin-forgotten-menu =
    NIMESAHAU PIN
    1. Nitumie msimbo kwa SMS
    2. Nina msimbo
    Au muulize msimamizi wa kioski.

# What a customer has.
ussd-balance =
    Maji: lita { $balance }
    Mitungi: { $jerrycans }
    Pochi: { $wallet }
ussd-jerrycans = Umebaki na mitungi { $jerrycans } hadi { $last_day }.
ussd-monthly-code = Msimbo wako wa mwezi ni { $code }, kituo { $site } hadi { $last_day }.
ussd-no-subscription = Huna usajili halali.
ussd-usage =
    Wiki hii: lita { $week }
    Wiki jana: lita { $week_before }
    Mwezi huu: lita { $month }
    Mwezi jana: lita { $month_before }
ussd-orders = ODA ZANGU
ussd-no-orders = Huna oda bado.
ussd-order-row = { $day } { $what } { $amount }: { $state }
ussd-order-litres = lita { $volume }
ussd-order-subscription = usajili
ussd-order-bill = ankara
ussd-order-deposit = amana
ussd-order-waits = inasubiri
ussd-order-paid = imelipwa
ussd-order-failed = haijalipwa
ussd-order-checked = inakaguliwa
ussd-sites-to-move-to = Hamishia maji yako:
ussd-sites-to-settle = Unachota maji wapi?
ussd-sites-to-subscribe = Jisajili katika kituo:
ussd-no-sites = Hakuna kituo kwa sasa.
ussd-site-row = { $site }
ussd-confirm-move =
    Chota maji yako { $site } kuanzia sasa? Yaliyo kituo kingine yatafuata yakirudishwa.
    1. Ndiyo
    0. Ghairi
ussd-water-moves = Maji yako yanahamia kituo kipya.
ussd-confirm-unsubscribe =
    Acha usajili? Madumu { $jerrycans } yatapotea, pesa hazirudi. Lita za malipo ya kabla zinabaki.
    1. Ndiyo
    0. Ghairi
ussd-unsubscribed = Usajili wako umeisha.

# Buying and paying.
ussd-plans = AINA ZA USAJILI
ussd-no-plans = Hakuna usajili hapa.
ussd-plan-row = { $plan } { $price }: mitungi { $jerrycans }, siku { $days }
ussd-enter-litres =
    Lita ngapi?
    Lita 20 ni { $price }.
ussd-enter-deposit = Weka kiasi cha kuweka ({ $currency }):
ussd-enter-bill-amount = Weka kiasi cha kulipa ({ $currency }):
ussd-bill =
    Ankara yako: { $left }
    lipa hadi { $due }
    1. Lipa yote
    2. Lipa sehemu
ussd-bill-overdue =
    Ankara yako: { $left }
    ilipaswa { $due }
    1. Lipa yote
    2. Lipa sehemu
ussd-no-bill = Huna deni.
ussd-pay-menu =
    { $what }: { $price }
    1. Lipa kwa simu
    2. Lipa kwa pochi ({ $wallet })
ussd-pay-plan =
    { $plan }, { $site }: { $price }
    1. Lipa kwa simu
    2. Lipa kwa pochi ({ $wallet })
ussd-pay-plan-elsewhere =
    { $plan }, { $site }: { $price }
    Maji yako yatahamia huko.
    1. Lipa kwa simu
    2. Lipa kwa pochi
ussd-prompted = Thibitisha { $amount } kwenye simu yako kwa PIN ya pesa za simu. Utapata ujumbe.
ussd-paid-from-wallet = Umelipa { $amount }. Pochi yako imebaki na { $wallet }.

# Help.
ussd-enter-report = Eleza tatizo, na namba ya akaunti kama si yako:
ussd-reported = Asante. Ripoti yako ni namba { $ticket }. Utapata ujumbe.
ussd-will-call-back = Tutakupigia simu. Ombi lako ni namba { $ticket }.

# The manager of a site.
ussd-manager-menu =
    KITUO { $site }
    1. Kagua usajili
    2. Toa mitungi
    3. Pokea taslimu
    4. Leo
    5. Mabomba nje ya mtandao
    6. Ujumbe kwa wateja
ussd-enter-customer = Namba ya simu, akaunti au msimbo wa mteja:
ussd-enter-jerrycans = Mitungi mingapi kwa { $name }?
ussd-enter-cash = Taslimu kutoka { $name } ({ $currency }):
ussd-enter-message = Ujumbe kwa wateja wa kituo chako, herufi 140 tu:
ussd-confirm-collect =
    { $name }: mitungi { $jerrycans }
    1. Thibitisha
    0. Ghairi
ussd-confirm-cash =
    { $name }: { $amount } kwa lita { $volume }
    1. Thibitisha
    0. Ghairi
ussd-confirm-message =
    Kwa wateja { $people }, SMS { $parts } kila mmoja
    1. Tuma
    0. Ghairi
ussd-confirm-other =
    Je, ni sahihi?
    1. Thibitisha
    0. Ghairi
ussd-collected = Imetolewa. Imebaki mitungi { $left }.
ussd-sold = Umeuza lita { $volume }. Risiti { $receipt }.
ussd-message-goes-out = Ujumbe wako utatumwa katika saa za ujumbe.
ussd-today =
    LEO
    Mara { $pours }, lita { $volume }
    Taslimu { $cash }
    Kwa simu { $paid }
ussd-offline = NJE YA MTANDAO
ussd-none-offline = Mabomba yote yako mtandaoni.
ussd-offline-row = { $dispenser }
ussd-subscription-valid = { $name }: halali { $site } hadi { $last_day }, mitungi { $jerrycans }. Maji lita { $balance }.
ussd-subscription-over = { $name }: uliisha { $last_day }. Maji lita { $balance }.
ussd-not-subscribed = { $name }: hana usajili. Maji lita { $balance }.

# What is denied.
ussd-denied-gone = Haipo tena.
ussd-denied-not-allowed = Huruhusiwi kufanya hivi.
ussd-denied-inactive = Akaunti haitumiki. Muulize msimamizi.
ussd-denied-wallet-too-small = Pochi yako ina { $wallet } tu.
ussd-denied-purchase-open = Hiyo inalipwa au imelipwa sasa hivi. Subiri dakika chache.
ussd-denied-price-changed = Bei imebadilika sasa hivi. Tafadhali angalia tena.
ussd-denied-no-provider = Hapa huwezi kulipa kwa simu. Tafadhali lipa kwenye kioski.
ussd-denied-amount-out-of-range = Kiasi hiki hakiwezekani.
ussd-denied-postpaid = Unalipa kwa ankara, na hii hulipwa kabla.
ussd-denied-phone-taken = Namba hii imesajiliwa tayari.
ussd-denied-unknown = Hakuna aliyesajiliwa hivyo.
ussd-denied-not-at-this-site = Mteja huyu ni wa kituo kingine.
ussd-denied-held-at-site = Tumia ukurasa wa kioski: inashikiliwa huko.
ussd-denied-not-enough-water = Maji hayatoshi.
ussd-denied-subscription-ended = Usajili umeisha.
ussd-denied-no-subscription = Hakuna usajili halali.
ussd-denied-float-used-up = Kikomo cha taslimu kimeisha. Kabidhi taslimu kwanza.
ussd-denied-no-loans = Mikopo haiwezekani hapa au kwa namba hii.
ussd-denied-too-many = Zimezidi kwa sasa. Jaribu tena baadaye.
ussd-denied-wrong-code = Msimbo si sahihi au umepitwa.
ussd-denied-not-matching = Namba, jina na PIN havilingani.
ussd-denied-customer-inactive = Akaunti ya mteja imefungwa, au ankara imechelewa.
ussd-denied-pin-at-office = Msimamizi wa kituo hupata PIN nyingine ofisini.
ussd-denied-just-collected = Mitungi hii imetolewa sasa hivi; imebaki { $left }. Kwa nyingine sawa subiri dakika chache.
ussd-denied-just-sold = Taslimu hii imeandikwa: risiti { $receipt }. Kwa nyingine sawa subiri dakika chache.
ussd-denied-sent-already = Ujumbe huu umetumwa tayari.
ussd-denied-not-now = Haiwezekani sasa. Jaribu tena baadaye.
