# French. The limits are those of en.ftl; of the letters with accents the SMS alphabet has only é, è, à and ù.

screen-approved =
    Bonjour { $name }
    Prenez { $volume } l
    Solde { $balance } l
    Bidons { $jerrycans }
screen-receipt =
    Servi { $volume } l
    Solde { $balance } l
    Bidons { $jerrycans }
    Recu { $receipt }
screen-locked =
    Trop de PIN faux
    Reessayez dans
    { $minutes } min

denied-bad_request =
    Non compris
    Veuillez reessayer
denied-gateway_degraded =
    Pas encore pret
    Attendez puis
    reessayez
denied-dispenser_disabled =
    Robinet ferme
    Utilisez-en un autre
denied-volume_out_of_range =
    Volume impossible
    Choisissez-en
    un autre
denied-unknown_customer =
    Numero inconnu
    Verifiez-le ou
    inscrivez-vous
denied-not_at_this_site =
    Inscrit sur
    un autre site
    Voyez le gerant
denied-locked =
    Trop de PIN faux
    Attendez ou
    voyez le gerant
denied-wrong_pin =
    PIN incorrect
    Reessayez
denied-token_invalid =
    Code non valable
    Verifiez-le puis
    reessayez
denied-token_used =
    Code deja utilise
denied-inactive =
    Compte inactif
    Voyez le gerant
denied-bill_overdue =
    Facture impayee
    Payez-la pour puiser
denied-daily_limit =
    Limite du jour
    atteinte
    Revenez demain
denied-subscription_expired =
    Abonnement fini
    Renouvelez-le ou
    achetez des litres
denied-jerrycans_used =
    Bidons epuises
    Achetez des litres
denied-insufficient_credit =
    Pas assez d'eau
    Demandez moins ou
    achetez des litres

topup-paid = Paiement de { $amount } accepté. Vous avez acheté { $volume } l d'eau; votre solde est de { $balance } l. Recu { $receipt }.
deposit-paid = Paiement de { $amount } accepté. Votre portefeuille: { $wallet }. Recu { $receipt }.
bill-paid = Paiement de { $amount } accepté pour votre facture d'eau. Recu { $receipt }.
bill-part-paid = Paiement de { $amount } accepté pour votre facture d'eau. Reste { $left } à payer jusqu'au { $due }. Recu { $receipt }.
subscription-paid = Paiement de { $amount } accepté. Abonnement valable jusqu'au { $last_day }, { $jerrycans } bidons. Code { $code }. Recu { $receipt }.
payment-retry = Le paiement de { $amount } a échoué. Veuillez réessayer. Si vous avez été débité, la somme vous sera créditée.
payment-cancelled = Vous avez annulé le paiement de { $amount }. Rien n'a été débité.
payment-expired = Le paiement de { $amount } n'a pas été confirmé à temps. Veuillez réessayer. Si vous l'avez confirmé, un message suivra.
subscription-reminder = { $name }, votre abonnement d'eau finit le { $last_day }. Renouvelez-le pour continuer à puiser.
subscription-ended = { $name }, votre abonnement d'eau a fini le { $last_day }. Renouvelez-le pour puiser. Vos litres prépayés vous restent.
bill-issued = Votre facture d'eau de { $month }: { $volume } l, { $amount }. Veuillez la payer jusqu'au { $due }.
bill-reminder = Votre facture d'eau: reste { $left } à payer jusqu'au { $due }. Après ce jour, plus d'eau.
bill-overdue = Votre facture d'eau était à payer jusqu'au { $due }: reste { $left }. Payez pour puiser à nouveau.
refund-started = { $amount } vous est renvoyé. Un message suivra quand ce sera fait.
refund-made = { $amount } vous a été renvoyé. Recu { $receipt }.
refund-failed = Le renvoi de { $amount } a échoué. Vous gardez tout ce que vous aviez. Veuillez demander au kiosque.
cash-paid = Recu { $amount } en espèces. Vous avez acheté { $volume } l d'eau; votre solde est de { $balance } l. Recu { $receipt }.
purchase-lapsed = Votre commande au kiosque du { $asked } nous est arrivée trop tard. Rien n'a été débité. Veuillez recommander.
purchase-refused = Votre commande au kiosque du { $asked } n'est plus en vente. Rien n'a été débité. Veuillez demander au kiosque.
purchase-open = Commande en double de { $amount } : la première compte, rien d'autre n'est débité. Pour racheter, recommandez dans quelques minutes.
