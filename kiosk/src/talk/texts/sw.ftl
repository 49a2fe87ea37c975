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
