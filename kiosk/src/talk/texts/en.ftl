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
