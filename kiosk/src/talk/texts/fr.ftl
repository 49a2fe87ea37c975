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

# Les réponses aux commandes par SMS, et les prets entre personnes.
sms-registered = Bienvenue { $name }, votre compte est { $account }. Choisissez votre PIN par USSD ou au kiosque. Ne l'envoyez jamais par SMS.
sms-registered-before = Ce numéro est déjà inscrit. Son compte est { $account }.
sms-unknown-sender = Ce numéro n'est pas inscrit. Veuillez envoyer: INSCRIRE nom, ville
sms-subscribed = Compte { $account }: abonnement valable jusqu'au { $last_day }, reste { $jerrycans } bidons.
sms-not-subscribed = Compte { $account }: pas d'abonnement valable. Pour vos litres, envoyez SOLDE.
sms-inactive = Le compte { $account } n'est pas actif. Veuillez demander au kiosque.
sms-balance = Vous avez { $water } l d'eau. Votre portefeuille: { $wallet }.
sms-usage = Vous avez puisé { $week } l cette semaine et { $month } l ce mois.
sms-no-bill = Vous n'avez aucune facture d'eau à payer.
sms-prompt-sent = Une demande de paiement de { $amount } arrive sur votre téléphone. Confirmez-la là. N'envoyez jamais de PIN par SMS.
sms-report-logged = Merci. Votre signalement porte le numéro { $ticket }. Nous vous écrirons quand ce sera réglé.
sms-report-solved = Votre signalement { $ticket } est réglé. Sinon, veuillez le signaler à nouveau.
sms-receipt-paid = Recu { $receipt }: { $amount } payé le { $day }.
sms-receipt-drawn = Recu { $receipt }: { $volume } l d'eau puisés le { $day }.
sms-receipt-unknown = Nous ne connaissons aucun recu { $receipt }. Veuillez le vérifier.
sms-language-changed = Nous vous parlons francais désormais.
sms-stopped = Plus de nouvelles par SMS. Réponses, recus et codes arrivent toujours. Pour en recevoir à nouveau, demandez au kiosque.
sms-help = Envoyez ACHETER 20, SOLDE, STATUT, USAGE, FACTURE, PAYER, PRETS, ARRET, ou: PRET 5000 0700000102 500, SIGNALER texte, VERIFIER recu, LANGUE en
sms-code-wrong = Ce code n'est pas bon. Essais restants: { $left }.
sms-code-over = Ce code n'est plus valable. Pour en avoir un autre, envoyez APPROUVER
sms-not-understood = Non compris. { $form ->
        [register] Veuillez envoyer: INSCRIRE nom, ville
        [status] Veuillez envoyer seulement: STATUT
        [balance] Veuillez envoyer seulement: SOLDE
        [buy] Veuillez envoyer des litres ou un forfait: ACHETER 20 ou ACHETER monthly
        [usage] Veuillez envoyer seulement: USAGE
        [bill] Veuillez envoyer seulement: FACTURE
        [pay] Veuillez envoyer seulement: PAYER
        [loan] Veuillez envoyer la somme, le preteur et le remboursement: PRET 5000 0700000102 500
        [approve] Veuillez envoyer le code à six chiffres: APPROUVER code
        [loans] Veuillez envoyer seulement: PRETS
        [report] Veuillez envoyer votre compte et le problème: SIGNALER compte texte
        [check] Veuillez envoyer: VERIFIER recu
        [lang] Veuillez envoyer: LANGUE en, LANGUE sw ou LANGUE fr
        [stop] Veuillez envoyer seulement: ARRET
       *[help] Pour voir ce que vous pouvez envoyer: AIDE
    }
sms-too-long = Votre message est trop long. Veuillez en envoyer un plus court.
sms-never-send-pin = N'envoyez jamais votre PIN par SMS. Nous ne le demandons jamais. Rien n'a été fait. Si c'était votre PIN, changez-le par USSD ou au kiosque.
sms-too-many = Trop de messages en un jour. Veuillez écrire à nouveau demain, ou venir au kiosque.
loan-asked = Nous avons demandé à { $lender } un pret de { $amount }, { $repayment } à rendre { $days ->
        [7] par semaine
       *[other] tous les { $days } jours
    }. Réponse à suivre.
loan-waiting = { $name } { $borrower } vous demande { $amount }, { $repayment } rendus { $days ->
        [7] par semaine
       *[other] tous les { $days } jours
    }. Pour preter: APPROUVER { $code }
loan-invited = { $name } { $borrower } vous demande un pret de { $amount }. Pour répondre, envoyez: INSCRIRE nom, ville
loan-approved = { $name } vous prete { $amount }. A rendre { $repayment } { $days ->
        [7] par semaine
       *[other] tous les { $days } jours
    }, dès le { $first }.
loan-approved-undated = { $name } vous prete { $amount }. A rendre { $repayment } { $days ->
        [7] par semaine
       *[other] tous les { $days } jours
    }.
loan-given = Vous avez preté { $amount } à { $name }. Votre portefeuille: { $wallet }.
loan-refused = { $name } ne vous prete pas { $amount }.
loan-expired = Personne n'a répondu à temps à votre demande de pret de { $amount }. Vous pouvez redemander.
loan-cancelled = { $name } ne vous demande plus de pret de { $amount }.
loan-paid-back-part = Vous avez rendu { $amount } à { $name }. Reste { $left }.
loan-paid-back = Vous avez rendu { $amount } à { $name }. Le pret est remboursé.
loan-came-back-part = { $name } vous a rendu { $amount }. Reste { $left }.
loan-came-back = { $name } vous a rendu { $amount }. Le pret est remboursé.
loan-reminder = { $amount } de votre pret de { $name } sont à rendre le { $due }. Vos dépots en sont débités.
loan-overdue = { $amount } de votre pret de { $name } étaient à rendre le { $due }. Vos dépots en sont débités.
loan-summary = Vous devez { $owed }, dont { $due } échus. Vous avez preté { $lent }. Demandes: { $waiting }.
loan-too-small = Un pret est d'au moins { $minimum }.
loan-own-number = C'est votre propre numéro. Veuillez envoyer celui du preteur.
loan-bad-repayment = Le remboursement doit dépasser zéro sans dépasser le pret de { $amount }.
loan-over = Cette demande de pret ne vous attend plus. Rien n'a été déplacé.
loan-not-owed = Vous devez { $left } pour ce pret. Veuillez en rendre tout ou partie.
loan-other-currency = Ce pret est en { $currency }. Votre portefeuille a une autre monnaie.
loan-wallet-too-low = Votre portefeuille: { $wallet }. Cela ne suffit pas. Rien n'a été déplacé.
