# English, the language that every other falls back to.
# Screens: at most four lines of 20 characters, ASCII only. Messages: one SMS of 160 units.

screen-approved =
    Hello { $name }
    Take { $volume } l
    Prepaid { $balance } l
    Jerrycans { $jerrycans }
screen-receipt =
    Poured { $volume } l
    Prepaid { $balance } l
    Jerrycans { $jerrycans }
    Receipt { $receipt }
screen-locked =
    Too many wrong PINs
    Try again in
    { $minutes } min

denied-bad_request =
    Not understood
    Please try again
denied-gateway_degraded =
    Not ready now
    Please wait and
    try again
denied-dispenser_disabled =
    This tap is closed
    Please use another
denied-volume_out_of_range =
    Volume not possible
    Choose another
denied-unknown_customer =
    Number not known
    Check it, or
    register first
denied-not_at_this_site =
    You are registered
    at another site
    Ask the manager
denied-locked =
    Too many wrong PINs
    Please wait or
    ask the manager
denied-wrong_pin =
    Wrong PIN
    Please try again
denied-token_invalid =
    Code not valid
    Check it and
    try again
denied-token_used =
    This code was
    used before
denied-inactive =
    Account not active
    Ask the manager
denied-bill_overdue =
    Bill not paid
    Pay it to draw water
denied-daily_limit =
    Daily limit reached
    Come back tomorrow
denied-subscription_expired =
    Subscription ended
    Renew it or
    buy litres
denied-jerrycans_used =
    All jerrycans used
    Buy litres
denied-insufficient_credit =
    Not enough water
    Ask for less or
    buy litres

topup-paid = Paid { $amount }. You bought { $volume } l of water; your balance is { $balance } l. Receipt { $receipt }.
deposit-paid = Paid { $amount }. Your wallet has { $wallet }. Receipt { $receipt }.
bill-paid = Paid { $amount } for your water bill. Receipt { $receipt }.
bill-part-paid = Paid { $amount } for your water bill. { $left } is left to pay by { $due }. Receipt { $receipt }.
subscription-paid = Paid { $amount }. Subscription valid until { $last_day }, { $jerrycans } jerrycans. Your code is { $code }. Receipt { $receipt }.
payment-retry = Your payment of { $amount } did not go through. Please try again. If money was taken, it will be credited to you.
payment-cancelled = You cancelled the payment of { $amount }. Nothing was taken.
payment-expired = The payment of { $amount } was not confirmed in time. Please try again. If you did confirm it, a message follows.
subscription-reminder = { $name }, your water subscription ends on { $last_day }. Renew it to keep drawing water.
subscription-ended = { $name }, your water subscription ended on { $last_day }. Renew it to draw again. Prepaid litres stay yours.
stop-hint = Stop: reply STOP
bill-issued = Your water bill for { $month }: { $volume } l, { $amount }. Please pay it by { $due }.
bill-reminder = Your water bill: { $left } is left to pay by { $due }. After that day no water can be drawn.
bill-overdue = Your water bill was due on { $due }: { $left } is left to pay. Pay it to draw water again.
refund-started = { $amount } is being sent back to you. A message follows when it is done.
refund-made = { $amount } was sent back to you. Receipt { $receipt }.
refund-failed = { $amount } could not be sent back to you. You have all that you had before. Please ask at the kiosk.
cash-paid = Cash { $amount } received. You bought { $volume } l of water; your balance is { $balance } l. Receipt { $receipt }.
pin-code = Your code for a new PIN is { $code }. Type it by USSD within 15 minutes. Tell it to nobody: we never ask for it.
pin-changed = Your PIN was changed. If that was not you, dial customer care or ask the manager at the kiosk now.
unsubscribed = Your water subscription has ended, as you wished. Prepaid litres stay yours.
jerrycans-collected = { $jerrycans } jerrycans were handed out to you at { $site }. { $left } are left. Was it not you? Tell us.
number-asked-old = Somebody with your name and PIN asks to move your account to another number. Not you? Tell us at once. Nothing changes before we say yes.
number-asked-new = We have your request to move your account to this number. We check it and tell you. Until then the old number keeps it.
number-moved-old = Your account was moved to another number. This number cannot use it any more. Was it not you? Tell us at once.
number-moved-new = Your account is on this number now, with your water and your PIN as before.
number-kept-old = The request to move your account to another number was not granted. Nothing has changed.
number-kept-new = Your account was not moved to this number. Please ask the manager at the kiosk.
purchase-lapsed = What you ordered at the kiosk on { $asked } reached us too late. Nothing was taken. Please order again.
purchase-refused = What you ordered at the kiosk on { $asked } cannot be bought any more. Nothing was taken. Please ask at the kiosk.
purchase-open = You ordered the same for { $amount } twice. The first counts; no more was taken. To buy again, order in some minutes.

# Answers to SMS commands, and loans between people.
sms-registered = Welcome { $name }, your account is { $account }. Set your PIN by USSD or at the kiosk. Never send it by SMS.
sms-registered-before = This number is registered already. Its account is { $account }.
sms-unknown-sender = This number is not registered. Please send: REGISTER name, city
sms-subscribed = Account { $account }: subscription valid until { $last_day }, { $jerrycans } jerrycans left.
sms-not-subscribed = Account { $account }: no valid subscription. For your litres send BALANCE.
sms-inactive = Account { $account } is not active. Please ask at the kiosk.
sms-balance = You have { $water } l of water. Your wallet has { $wallet }.
sms-balance-here = At this kiosk you have { $water } l of water and { $jerrycans } jerrycans, as far as it knows now.
sms-usage = You drew { $week } l this week and { $month } l this month.
sms-usage-here = At this kiosk you drew { $week } l this week and { $month } l this month.
sms-no-bill = You have no water bill to pay.
sms-prompt-sent = A payment of { $amount } comes to your phone. Confirm it there. Never send a PIN by SMS.
sms-report-logged = Thank you. Your report has the number { $ticket }. We write to you when it is solved.
sms-report-solved = Your report { $ticket } is solved. If it is not, please report it again.
sms-receipt-paid = Receipt { $receipt }: { $amount } was paid on { $day }.
sms-receipt-drawn = Receipt { $receipt }: { $volume } l of water were drawn on { $day }.
sms-receipt-unknown = We know no receipt { $receipt }. Please check it.
sms-language-changed = We speak English with you from now on.
sms-stopped = No more news by SMS. Answers, receipts and codes still come. To get news again, ask at the kiosk.
sms-help = Send BUY 20, BALANCE, STATUS, USAGE, BILL, PAY, LOANS, STOP, or: LOAN 5000 0700000102 500, REPORT text, CHECK receipt, LANG sw
sms-code-wrong = This code is not right. Tries left: { $left }.
sms-code-over = This code is not valid any more. For a new one send APPROVE
sms-not-understood = Not understood. { $form ->
        [register] Please send: REGISTER name, city
        [status] Please send only: STATUS
        [balance] Please send only: BALANCE
        [buy] Please send litres or a plan: BUY 20 or BUY monthly
        [usage] Please send only: USAGE
        [bill] Please send only: BILL
        [pay] Please send only: PAY
        [loan] Please send amount, lender and repayment: LOAN 5000 0700000102 500
        [approve] Please send the code of six digits: APPROVE code
        [loans] Please send only: LOANS
        [report] Please send what is wrong: REPORT text, or about another account: REPORT account text
        [check] Please send: CHECK receipt
        [lang] Please send: LANG en, LANG sw or LANG fr
        [stop] Please send only: STOP
       *[help] To see what you can send: HELP
    }
sms-too-long = Your message is too long. Please send a shorter one.
sms-never-send-pin = Never send your PIN by SMS. We never ask for it. Nothing was done. If that was your PIN, change it now by USSD or at the kiosk.
sms-too-many = Those were too many messages for one day. Please write again tomorrow, or come to the kiosk.
sms-not-now = This cannot be done at the moment. Nothing was done. Please try again later, or come to the kiosk.
sms-no-loans = No loans between people are given here.
sms-too-many-loans = Too many loans are asked for already. Nothing was done. Please ask again tomorrow.
sms-being-paid = The same is being paid already, or was just paid. Look for the prompt on your phone, or send it again in some minutes.
sms-no-payments = Paying by phone is not possible here. Nothing was taken. Please pay at the kiosk.
sms-choose-site = You have no water site yet. Choose it by USSD under Buy water, or at the kiosk, and send it again.
sms-queued = Written down. The network is away now: it is asked for when the network is back, and you hear of it then. No need to send it again.
sms-forwarded = Written down. The network is away now: the office gets your message when the network is back. No need to send it again.
loan-asked = We asked { $lender } for a loan of { $amount }, { $repayment } back every { $days ->
        [7] week
       *[other] { $days } days
    }. You will hear from us.
loan-waiting = { $name } { $borrower } asks you for { $amount }, { $repayment } back every { $days ->
        [7] week
       *[other] { $days } days
    }. To lend send APPROVE { $code }
loan-invited = { $name } { $borrower } asks you for a loan of { $amount }. To answer please send: REGISTER name, city
loan-approved = { $name } lends you { $amount }. Pay back { $repayment } every { $days ->
        [7] week
       *[other] { $days } days
    }, first on { $first }.
loan-approved-undated = { $name } lends you { $amount }. Pay back { $repayment } every { $days ->
        [7] week
       *[other] { $days } days
    }.
loan-given = You lent { $amount } to { $name }. Your wallet has { $wallet }.
loan-refused = { $name } does not lend you { $amount }.
loan-expired = Nobody answered your request for a loan of { $amount } in time. You can ask again.
loan-cancelled = { $name } no longer asks you for a loan of { $amount }.
loan-paid-back-part = You paid { $amount } back to { $name }. { $left } is left.
loan-paid-back = You paid { $amount } back to { $name }. The loan is repaid in full.
loan-came-back-part = { $name } paid { $amount } back to you. { $left } is left.
loan-came-back = { $name } paid { $amount } back to you. The loan is repaid in full.
loan-reminder = { $amount } of your loan from { $name } is due on { $due }. It is taken from money you deposit.
loan-overdue = { $amount } of your loan from { $name } was due on { $due }. It is taken from money you deposit.
loan-summary = You owe { $owed }, of which { $due } is due. You lent { $lent }. Requests to you: { $waiting }.
loan-too-small = A loan is at least { $minimum }.
loan-own-number = This is your own number. Please send the number of the lender.
loan-bad-repayment = The repayment must be more than nothing and no more than the loan of { $amount }.
loan-over = This request for a loan does not wait for you any more. Nothing was moved.
loan-not-owed = You owe { $left } on this loan. Please pay back that, or a part of it.
loan-other-currency = This loan is in { $currency }. Your wallet has another currency.
loan-wallet-too-low = Your wallet has { $wallet }, which is not enough. Nothing was moved.

# To whoever looks after a site.
alarm-doubt = { $site } sells no water now: part of its records is missing until the hub gives them back. Bring its link up.
alarm-other-medium = { $site } sells no water now: this is not the card or disk that joined. Put that one in, or join again with --replace.
alarm-retired = { $site } sells no water now: another box has taken its place, or the hub has closed it.
alarm-disk-low = { $site }: the disk is nearly full. Water is sold; loans, purchases and cash wait. Make room on it.
alarm-airtime-low = { $site }: only { $left } of airtime is left on its SIM card. Please top it up.
alarm-airtime-unknown = { $site }: its operator has not told the airtime for 3 days. Look at the SIM card and the settings.
alarm-modem-back = { $site }: its modem works again after { $minutes } minutes without. Texts waited meanwhile.
alarm-pin-spraying = { $site }: a dispenser saw 30 wrong PINs within an hour and is slowed. Look who stands there.
alarm-meter-ahead = { $site }: a meter shows more water than was booked. The records may have been set back. Look at the page.
alarm-dispenser-silent = { $site }: dispenser { $dispenser } has not been heard for { $minutes } minutes. Look at its power and its network.
alarm-dispensers-silent = { $site }: dispenser { $dispenser } has not been heard for { $minutes } minutes, and { $others } more are silent. Look at their power and network.
alarm-other = { $site }: alarm "{ $code }". The hub's page says more, under Alarms.

# The menus by USSD: a screen has at most 160 units, names and amounts of the longest kind included. `0` goes back.

# What menus share.
ussd-back = 0. Back
ussd-exit = 0. Exit
ussd-cancel = 0. Cancel
ussd-more = 9. More
ussd-told = { $text }
ussd-goodbye = Thank you. Goodbye.
ussd-made = Done.
ussd-invalid-input = invalid input
ussd-apology = This did not work. Please dial again.
ussd-too-slow = This takes longer than usual. Dial again and look before you repeat it.
ussd-go-on =
    You were cut off last time.
    1. Go on
    0. Start again
ussd-role-menu =
    Hello { $name }
    1. My own water
    2. Site { $site }

# Short lines about a wrong input, at most 21 units.
ussd-note-choice = Invalid choice
ussd-note-phone = Invalid phone number
ussd-note-own-phone = This is your number
ussd-note-amount = Invalid amount
ussd-note-minimum = Minimum: { $least }
ussd-note-repayment = More than the loan
ussd-note-too-much = More than is owed
ussd-note-pin = Type four digits
ussd-note-pin-common = PIN easy to guess
ussd-note-pin-wrong = Wrong PIN
ussd-note-pin-same = Take another PIN
ussd-note-pins-differ = PINs differ
ussd-note-name = Please type a name
ussd-note-litres = Type 1 to 10000
ussd-note-number = Type a number
ussd-note-code = Type six digits
ussd-note-too-long = Too long
ussd-note-words = Please use words
ussd-note-unknown = Not understood

# PINs.
ussd-enter-pin = Enter your PIN:
ussd-choose-pin =
    You have no PIN yet.
    Choose a 4-digit PIN:
ussd-pins-wrong = Too many wrong PINs. Please dial again later.
ussd-pin-locked = Too many wrong PINs. Try again in { $minutes } min, or ask the manager at the kiosk.
ussd-pin-changed = Your PIN has been changed.
ussd-enter-old-pin = Enter your old PIN:
ussd-enter-first-pin = Enter the first PIN that the office gave you:
ussd-enter-pin-code = Enter the code from the SMS:
ussd-pin-code-sent = A code is on its way by SMS.

# Loans (FEATURES C13, C32 to C39).
ussd-loans-menu =
    M-PESA LOANS
    1. Request Loan
    2. View My Loans
    3. Approve Loan
    4. View Balance
    5. Transactions
ussd-loan-phone =
    REQUEST LOAN
    Enter lender phone:
ussd-loan-amount = Enter loan amount ({ $currency }):
ussd-loan-repayment = Enter repayment per ({ $currency }):
ussd-loan-confirm =
    CONFIRM LOAN
    Lender: { $lender }
    Amount: { $amount }
    Repayment: { $repayment }
    1. Confirm 0. Cancel
ussd-loan-requested =
    SUCCESS
    Loan request sent to { $lender }
ussd-failure =
    ERROR
    { $why }
ussd-my-loans = MY LOANS
ussd-no-loans = You have no loans.
ussd-borrowed-row = From { $phone } { $amount }: { $state }
ussd-lent-row = To { $phone } { $amount }: { $state }
ussd-loan-detail =
    { $side }: { $phone }
    Amount: { $amount }
    Repayment: { $repayment } { $period }
    { $state }
ussd-loan-left = Left: { $left }
ussd-loan-can-cancel = 1. Take back
ussd-loan-can-repay = 1. Repay
ussd-repay-amount = Enter amount to repay ({ $currency }):
ussd-confirm-repay =
    Repay { $amount }?
    1. Yes
    0. Cancel
ussd-approvals = APPROVE LOAN
ussd-no-approvals = No loan waits for you.
ussd-approval-row = { $phone } { $amount }
ussd-approval-confirm =
    APPROVE LOAN
    Borrower: { $phone }
    Amount: { $amount }
    Repayment: { $repayment } { $period }
    1. Approve 2. Refuse
    0. Cancel
ussd-loan-approved =
    SUCCESS
    Loan approved
ussd-loan-refused =
    SUCCESS
    Loan refused
ussd-loan-cancelled =
    SUCCESS
    Loan request taken back
ussd-loan-repaid =
    SUCCESS
    You repaid { $amount }
ussd-loan-balance =
    BALANCE
    { $wallet }
ussd-movements = TRANSACTIONS
ussd-no-movements = No transactions yet.
ussd-movement-row = { $day } { $amount } { $kind }
ussd-moved-deposit = deposit
ussd-moved-purchase = purchase
ussd-moved-loan = loan
ussd-moved-repayment = repayment
ussd-moved-payout = payout
ussd-moved-other = other
ussd-lender = Lender
ussd-borrower = Borrower
ussd-per-day = per day
ussd-per-week = per week
ussd-per-days = per { $days } days
ussd-loan-invited = invited
ussd-loan-asked = waiting
ussd-loan-open = open
ussd-loan-late = late
ussd-loan-is-repaid = repaid
ussd-loan-is-refused = refused
ussd-loan-is-cancelled = taken back
ussd-loan-expired = lapsed

# Registration (FEATURES D20).
ussd-enter-name = Enter your name
ussd-enter-name-or-move =
    Enter your name
    (1: I had another number)
ussd-enter-city = Enter your city
ussd-enter-new-pin = Enter 4-digit PIN
ussd-enter-pin-again = Enter the PIN again
ussd-review =
    Name: { $name }
    City: { $city }
    1. Right
    2. Change
ussd-account-created = Account created! ID: { $account }
ussd-enter-old-phone = Enter your old number:
ussd-enter-old-name = Enter your name as you registered it:
ussd-enter-old-phone-pin = Enter the PIN of that account:
ussd-number-asked = We are checking your request; a text follows. Until then your old number keeps the account.

# The main menus.
ussd-water-menu =
    Hello { $name }
    1. Buy water
    2. My water
    3. Pay bill
    4. My orders
    5. Loans
    6. Help
    7. My account
ussd-services-menu =
    Hello { $name }
    1. Make a deposit
    2. Order status
    3. Account balance
    4. Contact customer care
ussd-household-menu =
    Hello { $name }
    1. Check water consumption
    2. Pay pending bills
    3. Report an issue
ussd-buy-menu =
    BUY
    1. Subscription
    2. Litres
    3. Money for my wallet
ussd-mine-menu =
    MY WATER
    1. Balance
    2. Jerrycans left
    3. My monthly code
    4. Usage
    5. Move to another site
ussd-help-menu =
    HELP
    1. Report a problem
    2. Ask for a call
ussd-account-menu =
    MY ACCOUNT
    1. Language
    2. Change PIN
    3. Forgotten PIN
    4. Unsubscribe
ussd-language-menu =
    LANGUAGE
    1. English
    2. Kiswahili
    3. Francais
ussd-pin-forgotten-menu =
    FORGOTTEN PIN
    1. Send me a code by SMS
    2. I have a code
    Or ask the manager at the kiosk.

# What a customer has.
ussd-balance =
    Prepaid: { $balance } l
    Jerrycans: { $jerrycans }
    Wallet: { $wallet }
ussd-jerrycans = { $jerrycans } jerrycans are left until { $last_day }.
ussd-monthly-code = Your monthly code is { $code }, at { $site } until { $last_day }.
ussd-no-subscription = You have no valid subscription.
ussd-usage =
    This week: { $week } l
    Last week: { $week_before } l
    This month: { $month } l
    Last month: { $month_before } l
ussd-orders = MY ORDERS
ussd-no-orders = You have no orders yet.
ussd-order-row = { $day } { $what } { $amount }: { $state }
ussd-order-litres = { $volume } l
ussd-order-subscription = subscription
ussd-order-bill = bill
ussd-order-deposit = deposit
ussd-order-waits = waiting
ussd-order-paid = paid
ussd-order-failed = not paid
ussd-order-checked = being checked
ussd-sites-to-move-to = Move your water to:
ussd-sites-to-settle = Where do you draw water?
ussd-sites-to-subscribe = Subscribe at:
ussd-no-sites = No site is open now.
ussd-site-row = { $site }
ussd-confirm-move =
    Draw your water at { $site } from now on? What another site holds follows once it has given it back.
    1. Yes
    0. Cancel
ussd-water-moves = Your water moves to the new site.
ussd-confirm-unsubscribe =
    End your subscription? Its { $jerrycans } jerrycans are lost and not paid back. Prepaid litres stay yours.
    1. Yes
    0. Cancel
ussd-unsubscribed = You are unsubscribed.

# Buying and paying.
ussd-plans = SUBSCRIPTIONS
ussd-no-plans = No subscription is sold here.
ussd-plan-row = { $plan } { $price }: { $jerrycans } jerrycans, { $days } days
ussd-enter-litres =
    How many litres?
    20 l cost { $price }.
ussd-enter-deposit = Enter amount to deposit ({ $currency }):
ussd-enter-bill-amount = Enter amount to pay ({ $currency }):
ussd-bill =
    Your bill: { $left }
    to pay by { $due }
    1. Pay all
    2. Pay a part
ussd-bill-overdue =
    Your bill: { $left }
    was due on { $due }
    1. Pay all
    2. Pay a part
ussd-no-bill = You owe nothing.
ussd-pay-menu =
    { $what }: { $price }
    1. Pay by mobile money
    2. Pay from my wallet ({ $wallet })
ussd-pay-plan =
    { $plan }, { $site }: { $price }
    1. Pay by mobile money
    2. Pay from my wallet ({ $wallet })
ussd-pay-plan-elsewhere =
    { $plan }, { $site }: { $price }
    Your water moves there.
    1. Pay by mobile money
    2. Pay from my wallet
ussd-prompted = Please confirm { $amount } on your phone with your mobile money PIN. A text follows.
ussd-paid-from-wallet = Paid { $amount }. Your wallet has { $wallet } left.

# Help.
ussd-enter-report = Describe the problem, with the account number if it is not yours:
ussd-reported = Thank you. Your report has the number { $ticket }. A text follows.
ussd-will-call-back = We will call you back. Your request has the number { $ticket }.

# The manager of a site.
ussd-manager-menu =
    SITE { $site }
    1. Check subscription
    2. Hand out jerrycans
    3. Take cash
    4. Today
    5. Offline taps
    6. Message to customers
ussd-enter-customer = Phone, account or code of the customer:
ussd-enter-jerrycans = How many jerrycans for { $name }?
ussd-enter-cash = Cash from { $name } ({ $currency }):
ussd-enter-message = Message to the customers of your site, at most 140 letters:
ussd-confirm-collect =
    { $name }: { $jerrycans } jerrycans
    1. Confirm
    0. Cancel
ussd-confirm-cash =
    { $name }: { $amount } for { $volume } l
    1. Confirm
    0. Cancel
ussd-confirm-message =
    To { $people } customers, { $parts } SMS each
    1. Send
    0. Cancel
ussd-confirm-other =
    Is this right?
    1. Confirm
    0. Cancel
ussd-collected = Handed out. { $left } jerrycans are left.
ussd-sold = Sold { $volume } l. Receipt { $receipt }.
ussd-message-goes-out = Your message goes out in the hours for texts.
ussd-today =
    TODAY
    Poured { $pours } times, { $volume } l
    Cash { $cash }
    Paid by phone { $paid }
ussd-offline = OFFLINE TAPS
ussd-none-offline = All taps are online.
ussd-offline-row = { $dispenser }
ussd-subscription-valid = { $name }: valid at { $site } until { $last_day }, { $jerrycans } jerrycans left. Prepaid { $balance } l.
ussd-subscription-over = { $name }: ended on { $last_day }. Prepaid { $balance } l.
ussd-not-subscribed = { $name }: no subscription. Prepaid { $balance } l.

# What is denied.
ussd-denied-gone = This is no longer there.
ussd-denied-not-allowed = You may not do this.
ussd-denied-inactive = The account is not active. Please ask the manager.
ussd-denied-wallet-too-small = Your wallet has only { $wallet }.
ussd-denied-purchase-open = The same is being paid or was just paid. Please wait some minutes.
ussd-denied-price-changed = The price has just changed. Please look again.
ussd-denied-no-provider = Paying by phone is not possible here. Please pay at the kiosk.
ussd-denied-amount-out-of-range = This amount is not possible.
ussd-denied-postpaid = You pay by bill, and this is paid ahead.
ussd-denied-phone-taken = This number is registered already.
ussd-denied-unknown = Nobody is registered with this.
ussd-denied-not-at-this-site = This customer belongs to another site.
ussd-denied-held-at-site = Please use the page at the kiosk: it is held there.
ussd-denied-not-enough-water = There is not enough water left.
ussd-denied-subscription-ended = The subscription has ended.
ussd-denied-no-subscription = There is no valid subscription.
ussd-denied-float-used-up = Your cash limit is used up. Hand the cash in first.
ussd-denied-no-loans = Loans are not possible here or with this number.
ussd-denied-too-many = Too many for now. Please try again later.
ussd-denied-wrong-code = The code is wrong or too old.
ussd-denied-not-matching = Number, name and PIN do not match.
ussd-denied-customer-inactive = This customer's account is blocked, or a bill is overdue.
ussd-denied-pin-at-office = Whoever manages a site gets another PIN at the office.
ussd-denied-just-collected = These jerrycans were just handed out; { $left } are left. For the same again wait some minutes.
ussd-denied-just-sold = This cash is booked: receipt { $receipt }. For the same again wait some minutes.
ussd-denied-sent-already = This was sent already.
ussd-denied-not-now = This is not possible now. Please try again later.
