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
bill-issued = Your water bill for { $month }: { $volume } l, { $amount }. Please pay it by { $due }.
bill-reminder = Your water bill: { $left } is left to pay by { $due }. After that day no water can be drawn.
bill-overdue = Your water bill was due on { $due }: { $left } is left to pay. Pay it to draw water again.
refund-started = { $amount } is being sent back to you. A message follows when it is done.
refund-made = { $amount } was sent back to you. Receipt { $receipt }.
refund-failed = { $amount } could not be sent back to you. You have all that you had before. Please ask at the kiosk.
cash-paid = Cash { $amount } received. You bought { $volume } l of water; your balance is { $balance } l. Receipt { $receipt }.
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
sms-usage = You drew { $week } l this week and { $month } l this month.
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
        [report] Please send your account and what is wrong: REPORT account text
        [check] Please send: CHECK receipt
        [lang] Please send: LANG en, LANG sw or LANG fr
        [stop] Please send only: STOP
       *[help] To see what you can send: HELP
    }
sms-too-long = Your message is too long. Please send a shorter one.
sms-never-send-pin = Never send your PIN by SMS. We never ask for it. Nothing was done. If that was your PIN, change it now by USSD or at the kiosk.
sms-too-many = Those were too many messages for one day. Please write again tomorrow, or come to the kiosk.
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
