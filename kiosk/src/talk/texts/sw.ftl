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
bill-issued = Ankara yako ya maji ya { $month }: lita { $volume }, { $amount }. Tafadhali lipa hadi { $due }.
bill-reminder = Ankara yako ya maji: bado { $left }, lipa hadi { $due }. Baada ya hapo hutaweza kuchota maji.
bill-overdue = Ankara yako ya maji ilipaswa kulipwa hadi { $due }: bado { $left }. Lipa ili uchote maji tena.
refund-started = Unarudishiwa { $amount }. Utapata ujumbe zikishatumwa.
refund-made = Umerudishiwa { $amount }. Risiti { $receipt }.
refund-failed = Hatukuweza kukurudishia { $amount }. Bado una kila ulichokuwa nacho. Tafadhali uliza kwenye kioski.
cash-paid = Tumepokea taslimu { $amount }. Umenunua lita { $volume } za maji; salio lako ni lita { $balance }. Risiti { $receipt }.
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
sms-usage = Umechota lita { $week } wiki hii na lita { $month } mwezi huu.
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
        [report] Tafadhali tuma akaunti yako na tatizo: RIPOTI akaunti maneno
        [check] Tafadhali tuma: KAGUA risiti
        [lang] Tafadhali tuma: LUGHA en, LUGHA sw au LUGHA fr
        [stop] Tafadhali tuma tu: ACHA
       *[help] Kuona unachoweza kutuma: MSAADA
    }
sms-too-long = Ujumbe wako ni mrefu mno. Tafadhali tuma mfupi zaidi.
sms-never-send-pin = Usitume PIN yako kamwe kwa SMS. Hatuiulizi kamwe. Hakuna kilichofanyika. Kama hiyo ni PIN yako, ibadilishe sasa kwa USSD au kwenye kioski.
sms-too-many = Umetuma jumbe nyingi mno kwa siku moja. Tafadhali andika tena kesho, au njoo kwenye kioski.
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
