//! `kisima-hub`: the central server (CONTRACTS section 1).

use std::{io::Write, path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand};
use config::{Sources, System};
use hub::app::{self, commands, control::Command, floats, ledger, managers, operations, readings, reconcile, register};
use tokio::signal::unix::{SignalKind, signal};

/// Exit status for a command line that cannot be understood.
const EXIT_USAGE: u8 = 64;
/// Exit status for a configuration that cannot be used.
const EXIT_CONFIGURATION: u8 = 78;

/// The central server of a programme of water kiosks.
#[derive(Parser)]
#[command(name = "kisima-hub", version, propagate_version = true)]
struct Arguments {
    #[command(flatten)]
    sources: SourceArguments,
    #[command(subcommand)]
    what: What,
}

/// Where settings come from.
#[derive(Args)]
struct SourceArguments {
    /// A configuration file; may be repeated, and then /etc/kisima is not read.
    #[arg(long = "config", value_name = "FILE", global = true)]
    files: Vec<PathBuf>,
    /// A setting over all files, such as web.listen=127.0.0.1:0; may be repeated.
    #[arg(long, value_name = "KEY=VALUE", global = true)]
    set: Vec<String>,
    /// The data directory.
    #[arg(long, value_name = "DIR", global = true)]
    data_dir: Option<PathBuf>,
    /// text, json or journal.
    #[arg(long, value_name = "FORMAT", global = true)]
    log_format: Option<String>,
}

#[derive(Subcommand)]
enum What {
    /// Serves until SIGTERM or ctrl-c.
    Run,
    /// Checks the configuration and tells everything that is wrong with it.
    Check,
    /// Prints each effective setting and where it comes from.
    Show,
    /// Sites and the codes with which their gateways join.
    #[command(subcommand)]
    Site(Site),
    /// People who log in to the pages.
    #[command(subcommand)]
    User(User),
    /// Makes an API token and prints it; or lists and revokes tokens.
    #[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
    Token {
        #[command(subcommand)]
        what: Option<Token>,
        /// Its name; an older one of that name is void.
        #[arg(required = true)]
        name: Option<String>,
        /// admin, technician, customer_service, viewer or kiosk.
        #[arg(long, required = true)]
        role: Option<String>,
        /// The site it is bound to: for the role kiosk, which needs one; other roles reach all sites.
        #[arg(long)]
        site: Option<String>,
    },
    /// Cash that managers of sites may take, what they owe, and what they hand in.
    #[command(subcommand)]
    Float(Float),
    /// Managers of sites who work by phone.
    #[command(subcommand)]
    Manager(managers::Manager),
    /// What the hub does while part of its past may be missing.
    #[command(subcommand)]
    Doubt(Doubt),
    /// Copies the database to a new file, while the hub goes on.
    Backup {
        /// The new file.
        file: PathBuf,
    },
    /// Puts a copy back in place of the database; the hub must not run.
    Restore {
        /// The copy.
        file: PathBuf,
    },
    /// Lays a provider's statement beside the books and prints every difference: in the statement alone, in the books
    /// alone, another amount, twice. Changes nothing without --book. Exits 1 when differences are left.
    ///
    /// Of mpesa it takes the CSV of the organisation portal as downloaded. Of mtn, airtel and intasend it takes a plain CSV
    /// with a header line: receipt,time,amount,currency,payer,reference,kind. The first three are needed. Times are UTC,
    /// such as 2026-11-20T09:00:00Z; amounts are such as 1250.00, with a minus for what went; receipt is what the provider
    /// printed; reference is what the payment was named by; kind is payment, or payout, refund, reversal or fee.
    Reconcile {
        /// The statement as downloaded, CSV.
        #[arg(long, value_name = "FILE")]
        statement: PathBuf,
        /// Whose statement it is: mpesa, mtn, airtel or intasend.
        #[arg(long)]
        provider: String,
        /// For mpesa: books payments that are in the statement alone: to the purchase or the account they name, else to suspense.
        /// Each is booked once, however often this runs. Do not use it on days whose money was credited by hand.
        #[arg(long)]
        book: bool,
    },
    /// Lists what is wrong with a list of meter readings. Enters nothing without --book, nor when any line is wrong. A line
    /// that was entered before changes nothing.
    Readings {
        /// CSV with the columns account, day (2026-11-30), meter_m3 (123.456) and, for the first reading of another meter,
        /// new_meter (yes).
        #[arg(long, value_name = "FILE")]
        file: PathBuf,
        /// Enters the readings.
        #[arg(long)]
        book: bool,
    },
    /// The books: what every account stands at, and how it came to it.
    #[command(subcommand)]
    Ledger(ledger::Ledger),
    /// Money that came without a prompt and is in nobody's name.
    #[command(subcommand)]
    Suspense(ledger::Suspense),
    /// What is set up once at Safaricom.
    #[command(subcommand)]
    Mpesa(Mpesa),
    /// The record of who did what.
    #[command(subcommand)]
    Audit(Audit),
    /// Looks for what stands in the way.
    Doctor,
}

#[derive(Subcommand)]
enum Site {
    /// Adds a site and prints its join code; again for a fresh code as long as nobody has joined.
    Add {
        /// 1 to 32 of a-z, 0-9 and '-'.
        name: String,
        /// What people call it.
        #[arg(long)]
        title: Option<String>,
        /// How long the code is valid, such as "7 d".
        #[arg(long, value_parser = duration)]
        valid: Option<i64>,
    },
    /// Prints a join code for a box that takes the place of the one there.
    Replace {
        /// The site.
        name: String,
        /// How long the code is valid, such as "7 d".
        #[arg(long, value_parser = duration)]
        valid: Option<i64>,
    },
    /// Shuts the site's box out and writes off what it holds.
    Revoke {
        /// The site.
        name: String,
    },
}

#[derive(Subcommand)]
enum User {
    /// Adds a person and prints their first password.
    Add {
        /// The login.
        name: String,
        /// admin, technician, customer_service or viewer.
        #[arg(long)]
        role: String,
    },
    /// Prints everybody who may log in.
    List,
    /// Prints another first password for somebody who lost theirs, and ends their sessions.
    Reset {
        /// The login.
        name: String,
    },
    /// Takes a login away, and ends its sessions.
    Remove {
        /// The login.
        name: String,
    },
}

#[derive(Subcommand)]
enum Token {
    /// Prints all tokens by name, role, site and when they were made; the tokens themselves are not kept.
    List,
    /// Voids a token at once.
    Revoke {
        /// Its name.
        name: String,
    },
}

#[derive(Subcommand)]
enum Float {
    /// Sets how much cash a manager may have and take: cash not handed in and open floats together.
    Give {
        /// The site.
        site: String,
        /// The manager's account at the site's gateway.
        manager: String,
        /// In the hub's currency, such as 5000 or 5000.50.
        limit: String,
    },
    /// Prints every manager with limit, what may still be taken, what is to be handed in, and any difference.
    List,
    /// Withdraws a manager's float; what is owed stays owed.
    Take {
        /// The site.
        site: String,
        /// The manager's account at the site's gateway.
        manager: String,
    },
    /// Books cash that a manager hands in; what it settles may be taken again, a difference stays with the manager.
    HandIn {
        /// The site.
        site: String,
        /// The manager's account at the site's gateway.
        manager: String,
        /// What was counted, such as 5000 or 5000.50.
        counted: String,
    },
}

#[derive(Subcommand)]
enum Doubt {
    /// Prints which sites are waited for, and the sum at risk.
    Show,
    /// Ends the doubt before every site is heard: prints the sum at risk, and asks.
    End {
        /// Do not ask.
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Subcommand)]
enum Mpesa {
    /// Registers where direct payments are announced, and with payments.mpesa.pull_phone that the hub may ask for them.
    Register {
        /// Let Safaricom refuse payments while this hub does not answer, instead of taking them.
        #[arg(long)]
        cancel_when_silent: bool,
    },
}

#[derive(Subcommand)]
enum Audit {
    /// Finds any edit, deletion, swap or truncation.
    Verify,
}

/// Milliseconds of a duration as settings spell it.
fn duration(text: &str) -> Result<i64, String> {
    let duration = config::values::duration(text).map_err(|error| error.to_string())?;
    i64::try_from(duration.as_millis()).map_err(|error| error.to_string())
}

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let code = if error.use_stderr() { EXIT_USAGE } else { 0 };
            return match error.print() {
                Ok(()) => ExitCode::from(code),
                Err(_) => ExitCode::FAILURE,
            };
        }
    };
    let sources = Sources {
        files: arguments.sources.files,
        set: arguments.sources.set,
        data_dir: arguments.sources.data_dir,
        log_format: arguments.sources.log_format,
    };
    let loaded = match config::Hub::load(&sources, &System) {
        Ok(loaded) => loaded,
        Err(error) => {
            eprintln!("kisima-hub: {error}");
            return ExitCode::from(EXIT_CONFIGURATION);
        }
    };
    if matches!(arguments.what, What::Run) {
        let wrong = app::check::look(&loaded.config).wrong;
        if !wrong.is_empty() {
            wrong.iter().for_each(|wrong| eprintln!("kisima-hub: {wrong}"));
            return ExitCode::from(EXIT_CONFIGURATION);
        }
    }
    let done = match arguments.what {
        What::Show => print(&loaded.show()),
        What::Check => return check(&loaded.config),
        what => execute(&loaded.config, what),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("kisima-hub: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Tells everything that is wrong, and what will not work as one may think.
fn check(config: &config::Hub) -> ExitCode {
    // The secrets must be readable for the hub, not for root.
    if let Err(error) = runtime::owner::act_as_owner(&config.storage.data_dir) {
        eprintln!("kisima-hub: {error}");
        return ExitCode::FAILURE;
    }
    let found = app::check::look(config);
    for doubtful in &found.doubtful {
        eprintln!("kisima-hub: mind: {doubtful}");
    }
    for wrong in &found.wrong {
        eprintln!("kisima-hub: {wrong}");
    }
    if !found.wrong.is_empty() {
        return ExitCode::from(EXIT_CONFIGURATION);
    }
    match print("The configuration is good.\n") {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn print(text: &str) -> anyhow::Result<()> {
    Ok(std::io::stdout().write_all(text.as_bytes())?)
}

#[tokio::main]
async fn execute(config: &config::Hub, what: What) -> anyhow::Result<()> {
    app::log::begin(&config.log)?;
    if !matches!(what, What::Run) {
        runtime::owner::act_as_owner(&config.storage.data_dir)?;
    }
    let command = match what {
        What::Run => return run(config).await,
        What::Check | What::Show => return Ok(()),
        What::User(User::Add { name, role }) => return operations::add_user(config, name, role).await,
        What::User(User::Reset { name }) => return operations::reset_user(config, name).await,
        What::User(User::List) => return operations::list_users(config),
        What::User(User::Remove { name }) => Command::UserRemove { name },
        What::Float(Float::List) => return floats::list(config),
        What::Float(Float::Give { site, manager, limit }) => Command::FloatSet {
            site,
            manager,
            limit_minor: floats::amount(config, &limit)?,
        },
        What::Float(Float::Take { site, manager }) => Command::FloatSet {
            site,
            manager,
            limit_minor: 0,
        },
        What::Float(Float::HandIn { site, manager, counted }) => Command::HandIn {
            site,
            manager,
            counted_minor: floats::amount(config, &counted)?,
        },
        What::Doubt(Doubt::Show) => return operations::show_doubt(config),
        What::Doubt(Doubt::End { yes }) => return operations::end_doubt(config, yes).await,
        What::Backup { file } => return commands::back_up(config, &file),
        What::Restore { file } => return commands::restore(config, &file),
        What::Audit(Audit::Verify) => return commands::verify_audit(config),
        What::Reconcile {
            statement,
            provider,
            book,
        } => return reconcile::run(config, &statement, &provider, book).await,
        What::Readings { file, book } => return readings::run(config, &file, book).await,
        What::Manager(what) => return what.run(config).await,
        What::Ledger(what) => return what.run(config),
        What::Suspense(what) => return what.run(config).await,
        What::Mpesa(Mpesa::Register { cancel_when_silent }) => {
            return register::run(config, cancel_when_silent).await;
        }
        What::Doctor => return commands::doctor(config),
        What::Token {
            what: Some(Token::List),
            ..
        } => return operations::list_tokens(config),
        What::Token {
            what: Some(Token::Revoke { name }),
            ..
        } => Command::TokenRevoke { name },
        What::Token { name, role, site, .. } => Command::Token {
            name: name.unwrap_or_default(),
            role: role.unwrap_or_default(),
            site,
        },
        What::Site(Site::Add { name, title, valid }) => Command::SiteAdd {
            name,
            title,
            valid_ms: valid,
        },
        What::Site(Site::Replace { name, valid }) => Command::SiteReplace { name, valid_ms: valid },
        What::Site(Site::Revoke { name }) => return operations::revoke_site(config, name).await,
    };
    commands::ask(config, command).await
}

async fn run(config: &config::Hub) -> anyhow::Result<()> {
    // Before anything else, so that nobody can ask us to stop before we listen for it.
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let running = app::start(config).await?;
    let ended = running.until(async {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    });
    let ended = ended.await;
    running.stop().await?;
    ended
}
