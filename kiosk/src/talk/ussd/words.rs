//! Every text of the menus. What each says stands in the Fluent files, under the same name.

use super::act::Denied;

macro_rules! words {
    ($($word:ident = $id:literal,)*) => {
        /// A text of the menus.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(in crate::talk) enum Word {
            $($word,)*
        }

        impl Word {
            /// All of them, in the order of the files.
            #[cfg(test)]
            pub const ALL: &[Word] = &[$(Word::$word,)*];

            /// The message in the Fluent files.
            pub const fn id(self) -> &'static str {
                match self {
                    $(Word::$word => $id,)*
                }
            }
        }
    };
}

words! {
    // What menus share.
    Back = "ussd-back",
    Exit = "ussd-exit",
    Cancel = "ussd-cancel",
    More = "ussd-more",
    Told = "ussd-told",
    Goodbye = "ussd-goodbye",
    Made = "ussd-made",
    InvalidInput = "ussd-invalid-input",
    Apology = "ussd-apology",
    TooSlow = "ussd-too-slow",
    GoOn = "ussd-go-on",
    RoleMenu = "ussd-role-menu",

    // Short lines about a wrong input, at most 21 units.
    NoteChoice = "ussd-note-choice",
    NotePhone = "ussd-note-phone",
    NoteOwnPhone = "ussd-note-own-phone",
    NoteAmount = "ussd-note-amount",
    NoteMinimum = "ussd-note-minimum",
    NoteRepayment = "ussd-note-repayment",
    NoteTooMuch = "ussd-note-too-much",
    NotePin = "ussd-note-pin",
    NotePinCommon = "ussd-note-pin-common",
    NotePinWrong = "ussd-note-pin-wrong",
    NotePinSame = "ussd-note-pin-same",
    NotePinsDiffer = "ussd-note-pins-differ",
    NoteName = "ussd-note-name",
    NoteLitres = "ussd-note-litres",
    NoteNumber = "ussd-note-number",
    NoteCode = "ussd-note-code",
    NoteTooLong = "ussd-note-too-long",
    NoteWords = "ussd-note-words",
    NoteUnknown = "ussd-note-unknown",

    // PINs.
    EnterPin = "ussd-enter-pin",
    ChoosePin = "ussd-choose-pin",
    PinsWrong = "ussd-pins-wrong",
    PinLocked = "ussd-pin-locked",
    PinChanged = "ussd-pin-changed",
    EnterOldPin = "ussd-enter-old-pin",
    EnterFirstPin = "ussd-enter-first-pin",
    EnterPinCode = "ussd-enter-pin-code",
    PinCodeSent = "ussd-pin-code-sent",

    // Loans (FEATURES C13, C32 to C39).
    LoansMenu = "ussd-loans-menu",
    LoanPhone = "ussd-loan-phone",
    LoanAmount = "ussd-loan-amount",
    LoanRepayment = "ussd-loan-repayment",
    LoanConfirm = "ussd-loan-confirm",
    LoanRequested = "ussd-loan-requested",
    Failure = "ussd-failure",
    MyLoans = "ussd-my-loans",
    NoLoans = "ussd-no-loans",
    BorrowedRow = "ussd-borrowed-row",
    LentRow = "ussd-lent-row",
    LoanDetail = "ussd-loan-detail",
    LoanLeft = "ussd-loan-left",
    LoanCanCancel = "ussd-loan-can-cancel",
    LoanCanRepay = "ussd-loan-can-repay",
    RepayAmount = "ussd-repay-amount",
    ConfirmRepay = "ussd-confirm-repay",
    Approvals = "ussd-approvals",
    NoApprovals = "ussd-no-approvals",
    ApprovalRow = "ussd-approval-row",
    ApprovalConfirm = "ussd-approval-confirm",
    LoanApproved = "ussd-loan-approved",
    LoanRefused = "ussd-loan-refused",
    LoanCancelled = "ussd-loan-cancelled",
    LoanRepaid = "ussd-loan-repaid",
    LoanBalance = "ussd-loan-balance",
    Movements = "ussd-movements",
    NoMovements = "ussd-no-movements",
    MovementRow = "ussd-movement-row",
    MovedDeposit = "ussd-moved-deposit",
    MovedPurchase = "ussd-moved-purchase",
    MovedLoan = "ussd-moved-loan",
    MovedRepayment = "ussd-moved-repayment",
    MovedPayout = "ussd-moved-payout",
    MovedOther = "ussd-moved-other",
    Lender = "ussd-lender",
    Borrower = "ussd-borrower",
    PerDay = "ussd-per-day",
    PerWeek = "ussd-per-week",
    PerDays = "ussd-per-days",
    LoanInvited = "ussd-loan-invited",
    LoanAsked = "ussd-loan-asked",
    LoanOpen = "ussd-loan-open",
    LoanLate = "ussd-loan-late",
    LoanIsRepaid = "ussd-loan-is-repaid",
    LoanIsRefused = "ussd-loan-is-refused",
    LoanIsCancelled = "ussd-loan-is-cancelled",
    LoanExpired = "ussd-loan-expired",

    // Registration (FEATURES D20).
    EnterName = "ussd-enter-name",
    EnterNameOrMove = "ussd-enter-name-or-move",
    EnterCity = "ussd-enter-city",
    EnterNewPin = "ussd-enter-new-pin",
    EnterPinAgain = "ussd-enter-pin-again",
    Review = "ussd-review",
    AccountCreated = "ussd-account-created",
    EnterOldPhone = "ussd-enter-old-phone",
    EnterOldName = "ussd-enter-old-name",
    EnterOldPhonePin = "ussd-enter-old-phone-pin",
    NumberAsked = "ussd-number-asked",

    // The main menus.
    WaterMenu = "ussd-water-menu",
    ServicesMenu = "ussd-services-menu",
    HouseholdMenu = "ussd-household-menu",
    BuyMenu = "ussd-buy-menu",
    MineMenu = "ussd-mine-menu",
    HelpMenu = "ussd-help-menu",
    AccountMenu = "ussd-account-menu",
    LanguageMenu = "ussd-language-menu",
    PinForgottenMenu = "ussd-pin-forgotten-menu",

    // What a customer has.
    Balance = "ussd-balance",
    Jerrycans = "ussd-jerrycans",
    MonthlyCode = "ussd-monthly-code",
    NoSubscription = "ussd-no-subscription",
    Usage = "ussd-usage",
    Orders = "ussd-orders",
    NoOrders = "ussd-no-orders",
    OrderRow = "ussd-order-row",
    OrderLitres = "ussd-order-litres",
    OrderSubscription = "ussd-order-subscription",
    OrderBill = "ussd-order-bill",
    OrderDeposit = "ussd-order-deposit",
    OrderWaits = "ussd-order-waits",
    OrderPaid = "ussd-order-paid",
    OrderFailed = "ussd-order-failed",
    OrderChecked = "ussd-order-checked",
    SitesToMoveTo = "ussd-sites-to-move-to",
    SitesToSettle = "ussd-sites-to-settle",
    SitesToSubscribe = "ussd-sites-to-subscribe",
    NoSites = "ussd-no-sites",
    SiteRow = "ussd-site-row",
    ConfirmMove = "ussd-confirm-move",
    WaterMoves = "ussd-water-moves",
    ConfirmUnsubscribe = "ussd-confirm-unsubscribe",
    Unsubscribed = "ussd-unsubscribed",

    // Buying and paying.
    Plans = "ussd-plans",
    NoPlans = "ussd-no-plans",
    PlanRow = "ussd-plan-row",
    EnterLitres = "ussd-enter-litres",
    EnterDeposit = "ussd-enter-deposit",
    EnterBillAmount = "ussd-enter-bill-amount",
    Bill = "ussd-bill",
    BillOverdue = "ussd-bill-overdue",
    NoBill = "ussd-no-bill",
    PayMenu = "ussd-pay-menu",
    PayPlan = "ussd-pay-plan",
    PayPlanElsewhere = "ussd-pay-plan-elsewhere",
    Prompted = "ussd-prompted",
    PaidFromWallet = "ussd-paid-from-wallet",

    // Help.
    EnterReport = "ussd-enter-report",
    Reported = "ussd-reported",
    WillCallBack = "ussd-will-call-back",

    // The manager of a site.
    ManagerMenu = "ussd-manager-menu",
    EnterCustomer = "ussd-enter-customer",
    EnterJerrycans = "ussd-enter-jerrycans",
    EnterCash = "ussd-enter-cash",
    EnterMessage = "ussd-enter-message",
    ConfirmCollect = "ussd-confirm-collect",
    ConfirmCash = "ussd-confirm-cash",
    ConfirmMessage = "ussd-confirm-message",
    ConfirmOther = "ussd-confirm-other",
    Collected = "ussd-collected",
    Sold = "ussd-sold",
    MessageGoesOut = "ussd-message-goes-out",
    Today = "ussd-today",
    Offline = "ussd-offline",
    NoneOffline = "ussd-none-offline",
    OfflineRow = "ussd-offline-row",
    SubscriptionValid = "ussd-subscription-valid",
    SubscriptionOver = "ussd-subscription-over",
    NotSubscribed = "ussd-not-subscribed",

    // What is denied.
    DeniedGone = "ussd-denied-gone",
    DeniedNotAllowed = "ussd-denied-not-allowed",
    DeniedInactive = "ussd-denied-inactive",
    DeniedWalletTooSmall = "ussd-denied-wallet-too-small",
    DeniedPurchaseOpen = "ussd-denied-purchase-open",
    DeniedPriceChanged = "ussd-denied-price-changed",
    DeniedNoProvider = "ussd-denied-no-provider",
    DeniedAmountOutOfRange = "ussd-denied-amount-out-of-range",
    DeniedPostpaid = "ussd-denied-postpaid",
    DeniedPhoneTaken = "ussd-denied-phone-taken",
    DeniedUnknown = "ussd-denied-unknown",
    DeniedNotAtThisSite = "ussd-denied-not-at-this-site",
    DeniedHeldAtSite = "ussd-denied-held-at-site",
    DeniedNotEnoughWater = "ussd-denied-not-enough-water",
    DeniedSubscriptionEnded = "ussd-denied-subscription-ended",
    DeniedNoSubscription = "ussd-denied-no-subscription",
    DeniedFloatUsedUp = "ussd-denied-float-used-up",
    DeniedNoLoans = "ussd-denied-no-loans",
    DeniedTooMany = "ussd-denied-too-many",
    DeniedWrongCode = "ussd-denied-wrong-code",
    DeniedNotMatching = "ussd-denied-not-matching",
    DeniedCustomerInactive = "ussd-denied-customer-inactive",
    DeniedPinAtOffice = "ussd-denied-pin-at-office",
    DeniedJustCollected = "ussd-denied-just-collected",
    DeniedJustSold = "ussd-denied-just-sold",
    DeniedSentAlready = "ussd-denied-sent-already",
    DeniedNotNow = "ussd-denied-not-now",
}

impl Word {
    /// The text of a denial.
    pub const fn of_denied(denied: Denied) -> Word {
        match denied {
            Denied::NoBill => Word::NoBill,
            Denied::Gone => Word::DeniedGone,
            Denied::NotAllowed => Word::DeniedNotAllowed,
            Denied::Inactive => Word::DeniedInactive,
            Denied::WalletTooSmall { .. } => Word::DeniedWalletTooSmall,
            Denied::PurchaseOpen => Word::DeniedPurchaseOpen,
            Denied::PriceChanged => Word::DeniedPriceChanged,
            Denied::NoProvider => Word::DeniedNoProvider,
            Denied::AmountOutOfRange => Word::DeniedAmountOutOfRange,
            Denied::Postpaid => Word::DeniedPostpaid,
            Denied::PhoneTaken => Word::DeniedPhoneTaken,
            Denied::Unknown => Word::DeniedUnknown,
            Denied::NotAtThisSite => Word::DeniedNotAtThisSite,
            Denied::HeldAtSite => Word::DeniedHeldAtSite,
            Denied::NotEnoughWater => Word::DeniedNotEnoughWater,
            Denied::SubscriptionEnded => Word::DeniedSubscriptionEnded,
            Denied::NoSubscription => Word::DeniedNoSubscription,
            Denied::FloatUsedUp => Word::DeniedFloatUsedUp,
            Denied::NoLoans => Word::DeniedNoLoans,
            Denied::TooMany => Word::DeniedTooMany,
            Denied::WrongCode => Word::DeniedWrongCode,
            Denied::NotMatching => Word::DeniedNotMatching,
            Denied::CustomerInactive => Word::DeniedCustomerInactive,
            Denied::PinAtOffice => Word::DeniedPinAtOffice,
            Denied::JustCollected { .. } => Word::DeniedJustCollected,
            Denied::JustSold { .. } => Word::DeniedJustSold,
            Denied::SentAlready => Word::DeniedSentAlready,
            Denied::NotNow => Word::DeniedNotNow,
        }
    }
}
