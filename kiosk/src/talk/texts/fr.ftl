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
stop-hint = Stop: répondez STOP
bill-issued = Votre facture d'eau de { $month }: { $volume } l, { $amount }. Veuillez la payer jusqu'au { $due }.
bill-reminder = Votre facture d'eau: reste { $left } à payer jusqu'au { $due }. Après ce jour, plus d'eau.
bill-overdue = Votre facture d'eau était à payer jusqu'au { $due }: reste { $left }. Payez pour puiser à nouveau.
refund-started = { $amount } vous est renvoyé. Un message suivra quand ce sera fait.
refund-made = { $amount } vous a été renvoyé. Recu { $receipt }.
refund-failed = Le renvoi de { $amount } a échoué. Vous gardez tout ce que vous aviez. Veuillez demander au kiosque.
cash-paid = Recu { $amount } en espèces. Vous avez acheté { $volume } l d'eau; votre solde est de { $balance } l. Recu { $receipt }.
pin-code = Votre code pour un nouveau PIN: { $code }. Tapez-le par USSD dans les 15 minutes. Ne le dites à personne: nous ne le demandons jamais.
pin-changed = Votre PIN a été changé. Si ce n'était pas vous, appelez le service client ou voyez le gérant du kiosque.
unsubscribed = Votre abonnement d'eau est terminé, comme demandé. Vos litres prépayés restent à vous.
jerrycans-collected = { $jerrycans } bidons vous ont été remis à { $site }. Il en reste { $left }. Ce n'est pas vous? Dites-le-nous.
number-asked-old = Quelqu'un avec votre nom et votre PIN demande de passer votre compte à un autre numéro. Ce n'est pas vous? Dites-le-nous vite. Rien ne change sans nous.
number-asked-new = Nous avons recu votre demande de passer votre compte à ce numéro. Nous la vérifions. Jusque-là l'ancien numéro le garde.
number-moved-old = Votre compte est passé à un autre numéro. Ce numéro ne peut plus s'en servir. Ce n'était pas vous? Dites-le-nous vite.
number-moved-new = Votre compte est maintenant à ce numéro, avec votre eau et votre PIN comme avant.
number-kept-old = La demande de passer votre compte à un autre numéro n'a pas été acceptée. Rien n'a changé.
number-kept-new = Votre compte n'est pas passé à ce numéro. Demandez au responsable du kiosque.
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
sms-balance-here = A ce kiosque vous avez { $water } l d'eau et { $jerrycans } bidons, selon ce qu'il sait.
sms-usage = Vous avez puisé { $week } l cette semaine et { $month } l ce mois.
sms-usage-here = A ce kiosque vous avez puisé { $week } l cette semaine et { $month } l ce mois.
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
        [report] Veuillez envoyer le problème: SIGNALER texte, ou pour un autre compte: SIGNALER compte texte
        [check] Veuillez envoyer: VERIFIER recu
        [lang] Veuillez envoyer: LANGUE en, LANGUE sw ou LANGUE fr
        [stop] Veuillez envoyer seulement: ARRET
       *[help] Pour voir ce que vous pouvez envoyer: AIDE
    }
sms-too-long = Votre message est trop long. Veuillez en envoyer un plus court.
sms-never-send-pin = N'envoyez jamais votre PIN par SMS. Nous ne le demandons jamais. Rien n'a été fait. Si c'était votre PIN, changez-le par USSD ou au kiosque.
sms-too-many = Trop de messages en un jour. Veuillez écrire à nouveau demain, ou venir au kiosque.
sms-not-now = Impossible pour le moment. Rien n'a été fait. Veuillez réessayer plus tard, ou venir au kiosque.
sms-no-loans = Les emprunts entre personnes n'existent pas ici.
sms-too-many-loans = Trop de prets sont déjà demandés. Rien n'a été fait. Veuillez redemander demain.
sms-being-paid = C'est déjà en cours de paiement ou vient d'etre payé. Voyez la demande sur votre téléphone, ou renvoyez dans quelques minutes.
sms-no-payments = Ici on ne peut pas payer par téléphone. Rien n'a été débité. Veuillez payer au kiosque.
sms-choose-site = Vous n'avez pas encore de site. Choisissez-le par USSD sous Acheter de l'eau, ou au kiosque, puis renvoyez.
sms-queued = C'est noté. Le réseau est absent: la demande part à son retour, et vous en aurez des nouvelles. Inutile de renvoyer.
sms-forwarded = C'est noté. Le réseau est absent: le bureau recevra votre message à son retour. Inutile de renvoyer.
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

# A qui s'occupe d'un site.
alarm-doubt = { $site } ne vend plus d'eau: il manque des écritures tant que le centre ne les rend pas. Rétablissez sa liaison.
alarm-other-medium = { $site } ne vend plus d'eau: ce n'est pas la carte ou le disque inscrit. Remettez-le, ou inscrivez avec --replace.
alarm-retired = { $site } ne vend plus d'eau: un autre boitier a pris sa place, ou le centre l'a fermé.
alarm-disk-low = { $site }: le disque est presque plein. L'eau se vend; prets, achats et espèces attendent. Faites de la place.
alarm-airtime-low = { $site }: il ne reste que { $left } de crédit sur sa carte SIM. Veuillez la recharger.
alarm-airtime-unknown = { $site }: l'opérateur ne dit plus le crédit depuis 3 jours. Voyez la carte SIM et les réglages.
alarm-modem-back = { $site }: son modem marche de nouveau après { $minutes } minutes. Les messages ont attendu.
alarm-pin-spraying = { $site }: une borne a vu 30 faux PIN en une heure et est ralentie. Voyez qui s'y trouve.
alarm-meter-ahead = { $site }: un compteur montre plus d'eau que les livres. Ils ont peut-etre été remis en arrière. Voyez la page.
alarm-dispenser-silent = { $site }: la borne { $dispenser } se tait depuis { $minutes } minutes. Voyez son courant et son réseau.
alarm-dispensers-silent = { $site }: la borne { $dispenser } se tait depuis { $minutes } minutes, et { $others } autres aussi. Voyez courant et réseau.
alarm-other = { $site }: alarme "{ $code }". La page du centre en dit plus, sous Alarms.

# The menus by USSD. The limits are those of en.ftl.

# What menus share.
ussd-back = 0. Retour
ussd-exit = 0. Quitter
ussd-cancel = 0. Annuler
ussd-more = 9. Suite
ussd-told = { $text }
ussd-goodbye = Merci. Au revoir.
ussd-made = C'est fait.
ussd-invalid-input = choix non valable
ussd-apology = Cela n'a pas marché. Veuillez rappeler.
ussd-too-slow = Cela dure. Rappelez et regardez avant de recommencer.
ussd-go-on =
    Vous avez été coupé.
    1. Continuer
    0. Recommencer
ussd-role-menu =
    Bonjour { $name }
    1. Mon eau
    2. Site { $site }

# Short lines about a wrong input, at most 21 units.
ussd-note-choice = Choix non valable
ussd-note-phone = Numéro non valable
ussd-note-own-phone = C'est votre numéro
ussd-note-amount = Montant non valable
ussd-note-minimum = Minimum: { $least }
ussd-note-repayment = Plus que le pret
ussd-note-too-much = Plus que la dette
ussd-note-pin = Tapez 4 chiffres
ussd-note-pin-common = PIN trop courant
ussd-note-pin-wrong = PIN incorrect
ussd-note-pin-same = Prenez un autre PIN
ussd-note-pins-differ = PIN différents
ussd-note-name = Tapez un nom
ussd-note-litres = Tapez 1 à 10000
ussd-note-number = Tapez un nombre
ussd-note-code = Tapez 6 chiffres
ussd-note-too-long = Trop long
ussd-note-words = Utilisez des mots
ussd-note-unknown = Non compris

# PINs.
ussd-enter-pin = Entrez votre PIN:
ussd-choose-pin =
    Vous n'avez pas encore de PIN.
    Choisissez 4 chiffres:
ussd-pins-wrong = Trop de PIN faux. Veuillez rappeler plus tard.
ussd-pin-locked = Trop de PIN faux. Réessayez dans { $minutes } min, ou voyez le gérant du kiosque.
ussd-pin-changed = Votre PIN a été changé.
ussd-enter-old-pin = Entrez votre ancien PIN:
ussd-enter-first-pin = Entrez le premier PIN que le bureau vous a donné:
ussd-enter-pin-code = Entrez le code recu par SMS:
ussd-pin-code-sent = Un code vous arrive par SMS.

# Loans (FEATURES C13, C32 to C39).
ussd-loans-menu =
    PRETS M-PESA
    1. Demander un pret
    2. Mes prets
    3. Accorder un pret
    4. Solde
    5. Opérations
ussd-loan-phone =
    DEMANDE DE PRET
    Numéro du preteur:
ussd-loan-amount = Montant du pret ({ $currency }):
ussd-loan-repayment = Remboursement par période ({ $currency }):
ussd-loan-confirm =
    CONFIRMER LE PRET
    Preteur: { $lender }
    Montant: { $amount }
    Remboursement: { $repayment }
    1. Confirmer 0. Annuler
ussd-loan-requested =
    SUCCES
    Demande de pret envoyée au { $lender }
ussd-failure =
    ERREUR
    { $why }
ussd-my-loans = MES PRETS
ussd-no-loans = Vous n'avez pas de pret.
ussd-borrowed-row = De { $phone } { $amount }: { $state }
ussd-lent-row = A { $phone } { $amount }: { $state }
ussd-loan-detail =
    { $side }: { $phone }
    Montant: { $amount }
    Par { $period }: { $repayment }
    { $state }
ussd-loan-left = Reste: { $left }
ussd-loan-can-cancel = 1. Retirer
ussd-loan-can-repay = 1. Rembourser
ussd-repay-amount = Montant à rembourser ({ $currency }):
ussd-confirm-repay =
    Rembourser { $amount }?
    1. Oui
    0. Annuler
ussd-approvals = ACCORDER UN PRET
ussd-no-approvals = Aucun pret ne vous attend.
ussd-approval-row = { $phone } { $amount }
ussd-approval-confirm =
    ACCORDER LE PRET
    Au: { $phone }
    Montant: { $amount }
    Par { $period }: { $repayment }
    1. Accorder 2. Refuser
    0. Annuler
ussd-loan-approved =
    SUCCES
    Pret accordé
ussd-loan-refused =
    SUCCES
    Pret refusé
ussd-loan-cancelled =
    SUCCES
    Demande retirée
ussd-loan-repaid =
    SUCCES
    Vous avez remboursé { $amount }
ussd-loan-balance =
    SOLDE
    { $wallet }
ussd-movements = OPERATIONS
ussd-no-movements = Aucune opération.
ussd-movement-row = { $day } { $amount } { $kind }
ussd-moved-deposit = dépot
ussd-moved-purchase = achat
ussd-moved-loan = pret
ussd-moved-repayment = remboursement
ussd-moved-payout = retrait
ussd-moved-other = autre
ussd-lender = Preteur
ussd-borrower = Emprunteur
ussd-per-day = jour
ussd-per-week = semaine
ussd-per-days = { $days } jours
ussd-loan-invited = invité
ussd-loan-asked = en attente
ussd-loan-open = en cours
ussd-loan-late = en retard
ussd-loan-is-repaid = remboursé
ussd-loan-is-refused = refusé
ussd-loan-is-cancelled = retiré
ussd-loan-expired = expiré

# Registration (FEATURES D20).
ussd-enter-name = Entrez votre nom
ussd-enter-name-or-move =
    Entrez votre nom
    (1: j'avais un autre numéro)
ussd-enter-city = Entrez votre ville
ussd-enter-new-pin = Entrez un PIN de 4 chiffres
ussd-enter-pin-again = Entrez le PIN à nouveau
ussd-review =
    Nom: { $name }
    Ville: { $city }
    1. Correct
    2. Changer
ussd-account-created = Compte créé! ID: { $account }
ussd-enter-old-phone = Entrez votre ancien numéro:
ussd-enter-old-name = Entrez votre nom comme à l'inscription:
ussd-enter-old-phone-pin = Entrez le PIN de ce compte:
ussd-number-asked = Nous vérifions votre demande; un message suivra. D'ici là, l'ancien numéro garde le compte.

# The main menus.
ussd-water-menu =
    Bonjour { $name }
    1. Acheter
    2. Mon eau
    3. Payer la facture
    4. Mes commandes
    5. Prets
    6. Aide
    7. Mon compte
ussd-services-menu =
    Bonjour { $name }
    1. Faire un dépot
    2. Etat des commandes
    3. Solde du compte
    4. Service client
ussd-household-menu =
    Bonjour { $name }
    1. Consommation d'eau
    2. Payer les factures
    3. Signaler un problème
ussd-buy-menu =
    ACHETER
    1. Abonnement
    2. Litres
    3. Argent pour mon portefeuille
ussd-mine-menu =
    MON EAU
    1. Solde
    2. Bidons restants
    3. Mon code du mois
    4. Consommation
    5. Changer de site
ussd-help-menu =
    AIDE
    1. Signaler un problème
    2. Demander un appel
ussd-account-menu =
    MON COMPTE
    1. Langue
    2. Changer de PIN
    3. PIN oublié
    4. Me désabonner
ussd-language-menu =
    LANGUE
    1. English
    2. Kiswahili
    3. Francais
ussd-pin-forgotten-menu =
    PIN OUBLIE
    1. M'envoyer un code par SMS
    2. J'ai un code
    Ou voyez le gérant du kiosque.

# What a customer has.
ussd-balance =
    Prépayé: { $balance } l
    Bidons: { $jerrycans }
    Portefeuille: { $wallet }
ussd-jerrycans = Il reste { $jerrycans } bidons jusqu'au { $last_day }.
ussd-monthly-code = Votre code du mois est { $code }, à { $site } jusqu'au { $last_day }.
ussd-no-subscription = Vous n'avez pas d'abonnement valable.
ussd-usage =
    Cette semaine: { $week } l
    Semaine passée: { $week_before } l
    Ce mois: { $month } l
    Mois passé: { $month_before } l
ussd-orders = MES COMMANDES
ussd-no-orders = Aucune commande.
ussd-order-row = { $day } { $what } { $amount }: { $state }
ussd-order-litres = { $volume } l
ussd-order-subscription = abonnement
ussd-order-bill = facture
ussd-order-deposit = dépot
ussd-order-waits = en attente
ussd-order-paid = payé
ussd-order-failed = non payé
ussd-order-checked = à vérifier
ussd-sites-to-move-to = Déplacer votre eau à:
ussd-sites-to-settle = Où puisez-vous l'eau?
ussd-sites-to-subscribe = S'abonner à:
ussd-no-sites = Aucun site pour le moment.
ussd-site-row = { $site }
ussd-confirm-move =
    Puiser votre eau à { $site } désormais? Ce qu'un autre site détient suit quand il l'a rendu.
    1. Oui
    0. Annuler
ussd-water-moves = Votre eau passe au nouveau site.
ussd-confirm-unsubscribe =
    Finir l'abonnement? Ses { $jerrycans } bidons sont perdus, sans remboursement. Vos litres restent.
    1. Oui
    0. Annuler
ussd-unsubscribed = Votre abonnement est fini.

# Buying and paying.
ussd-plans = ABONNEMENTS
ussd-no-plans = Aucun abonnement ici.
ussd-plan-row = { $plan } { $price }: { $jerrycans } bidons, { $days } jours
ussd-enter-litres =
    Combien de litres?
    20 l: { $price }.
ussd-enter-deposit = Montant du dépot ({ $currency }):
ussd-enter-bill-amount = Montant à payer ({ $currency }):
ussd-bill =
    Votre facture: { $left }
    à payer jusqu'au { $due }
    1. Payer tout
    2. Payer une partie
ussd-bill-overdue =
    Votre facture: { $left }
    en retard depuis { $due }
    1. Payer tout
    2. Payer une partie
ussd-no-bill = Vous ne devez rien.
ussd-pay-menu =
    { $what }: { $price }
    1. Payer par mobile money
    2. Payer du portefeuille ({ $wallet })
ussd-pay-plan =
    { $plan }, { $site }: { $price }
    1. Payer par mobile money
    2. Payer du portefeuille ({ $wallet })
ussd-pay-plan-elsewhere =
    { $plan }, { $site }: { $price }
    Votre eau y sera déplacée.
    1. Payer par mobile money
    2. Payer du portefeuille
ussd-prompted = Confirmez { $amount } sur votre téléphone avec votre PIN mobile money. Un message suivra.
ussd-paid-from-wallet = Payé { $amount }. Il reste { $wallet } dans votre portefeuille.

# Help.
ussd-enter-report = Décrivez le problème, avec le compte si ce n'est pas le votre:
ussd-reported = Merci. Votre rapport a le numéro { $ticket }. Un message suivra.
ussd-will-call-back = Nous vous rappellerons. Votre demande a le numéro { $ticket }.

# The manager of a site.
ussd-manager-menu =
    SITE { $site }
    1. Voir un abonnement
    2. Remettre des bidons
    3. Encaisser
    4. Aujourd'hui
    5. Robinets hors ligne
    6. Message aux clients
ussd-enter-customer = Téléphone, compte ou code du client:
ussd-enter-jerrycans = Combien de bidons pour { $name }?
ussd-enter-cash = Espèces de { $name } ({ $currency }):
ussd-enter-message = Message aux clients de votre site, 140 lettres au plus:
ussd-confirm-collect =
    { $name }: { $jerrycans } bidons
    1. Confirmer
    0. Annuler
ussd-confirm-cash =
    { $name }: { $amount } pour { $volume } l
    1. Confirmer
    0. Annuler
ussd-confirm-message =
    A { $people } clients, { $parts } SMS chacun
    1. Envoyer
    0. Annuler
ussd-confirm-other =
    Est-ce correct?
    1. Confirmer
    0. Annuler
ussd-collected = Remis. Il reste { $left } bidons.
ussd-sold = Vendu { $volume } l. Recu { $receipt }.
ussd-message-goes-out = Votre message part aux heures des messages.
ussd-today =
    AUJOURD'HUI
    { $pours } puisages, { $volume } l
    Espèces { $cash }
    Par téléphone { $paid }
ussd-offline = HORS LIGNE
ussd-none-offline = Tous les robinets sont en ligne.
ussd-offline-row = { $dispenser }
ussd-subscription-valid = { $name }: valable à { $site } jusqu'au { $last_day }, { $jerrycans } bidons. Prépayé { $balance } l.
ussd-subscription-over = { $name }: fini le { $last_day }. Prépayé { $balance } l.
ussd-not-subscribed = { $name }: sans abonnement. Prépayé { $balance } l.

# What is denied.
ussd-denied-gone = Cela n'existe plus.
ussd-denied-not-allowed = Vous ne pouvez pas faire cela.
ussd-denied-inactive = Le compte est inactif. Voyez le gérant.
ussd-denied-wallet-too-small = Votre portefeuille n'a que { $wallet }.
ussd-denied-purchase-open = La meme chose vient d'etre payée ou le sera. Attendez quelques minutes.
ussd-denied-price-changed = Le prix vient de changer. Veuillez revoir.
ussd-denied-no-provider = Ici on ne peut pas payer par téléphone. Veuillez payer au kiosque.
ussd-denied-amount-out-of-range = Ce montant n'est pas possible.
ussd-denied-postpaid = Vous payez sur facture, et ceci se paie d'avance.
ussd-denied-phone-taken = Ce numéro est déjà inscrit.
ussd-denied-unknown = Personne n'est inscrit ainsi.
ussd-denied-not-at-this-site = Ce client est d'un autre site.
ussd-denied-held-at-site = Utilisez la page au kiosque: c'est là que cela se garde.
ussd-denied-not-enough-water = Il ne reste pas assez d'eau.
ussd-denied-subscription-ended = L'abonnement est fini.
ussd-denied-no-subscription = Aucun abonnement valable.
ussd-denied-float-used-up = Votre limite d'espèces est atteinte. Remettez-les d'abord.
ussd-denied-no-loans = Pas de pret ici ou avec ce numéro.
ussd-denied-too-many = Trop pour le moment. Réessayez plus tard.
ussd-denied-wrong-code = Le code est faux ou trop ancien.
ussd-denied-not-matching = Numéro, nom et PIN ne vont pas ensemble.
ussd-denied-customer-inactive = Le compte du client est bloqué, ou sa facture est en retard.
ussd-denied-pin-at-office = Qui gère un site obtient un autre PIN au bureau.
ussd-denied-just-collected = Ces bidons viennent d'etre remis; il en reste { $left }. Pour autant encore, attendez quelques minutes.
ussd-denied-just-sold = Ces espèces sont notées: recu { $receipt }. Pour autant encore, attendez quelques minutes.
ussd-denied-sent-already = Ceci est déjà envoyé.
ussd-denied-not-now = Impossible maintenant. Réessayez plus tard.
