//! Who may do what at the hub.

/// The roles of the hub (CONTRACTS section 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Everything.
    Admin,
    /// Sites and dispensers.
    Technician,
    /// Customers and their money.
    CustomerService,
    /// Looks, changes nothing.
    Viewer,
    /// A dispenser's program: asks for water at its own site.
    Kiosk,
}

impl Role {
    /// All roles.
    pub const ALL: [Role; 5] = [
        Role::Admin,
        Role::Technician,
        Role::CustomerService,
        Role::Viewer,
        Role::Kiosk,
    ];

    /// The word in subcommands, the database and the API.
    pub const fn name(self) -> &'static str {
        match self {
            Role::Admin => "admin",
            Role::Technician => "technician",
            Role::CustomerService => "customer_service",
            Role::Viewer => "viewer",
            Role::Kiosk => "kiosk",
        }
    }

    /// Reads that word.
    pub fn from_name(name: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.name() == name)
    }
}
