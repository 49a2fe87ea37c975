//! The command line.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context as _;

use clap::{Args, Parser, Subcommand};
use config::{ConfigError, Loaded, Sources, System, gateway::Gateway};
use kiosk::{
    day::{Day, Zone},
    moment::Moment,
};
use runtime::{clock::Clock, dice::Dice, machine::run_batch};
use store::{Connection, Database};
use sync::vault::Vault;

use crate::{
    adapters::{
        control::{self, Performer, Request, Response},
        web::wire,
    },
    app::{self, AppError, files::DataDir, vault_key},
    site::{
        Site,
        effect::{Effect, Refusal, Told},
        enrolment::Enrolment,
        input::{Command, Input, ReplyId},
        store::{
            audit,
            read::{self, SaleFilter},
        },
    },
};

/// The command line was not understood (sysexits.h, EX_USAGE).
const EXIT_USAGE: u8 = 64;
/// The configuration is bad (sysexits.h, EX_CONFIG).
const EXIT_CONFIG: u8 = 78;

/// The site daemon of Kisima: sells water, also with the link cut.
#[derive(Parser)]
#[command(name = "kisima-gateway", version, about)]
struct Cli {
    #[command(flatten)]
    sources: SourceArgs,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Args)]
struct SourceArgs {
    /// Read this file instead of /etc/kisima; may be given several times, the later over the earlier.
    #[arg(long, global = true, value_name = "FILE")]
    config: Vec<PathBuf>,
    /// Set one key; may be given several times.
    #[arg(long, global = true, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// The data directory.
    #[arg(long, global = true, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// How to log: text, json or journal.
    #[arg(long, global = true, value_name = "FORMAT")]
    log_format: Option<String>,
}

#[derive(Subcommand)]
enum Verb {
    /// Serve the site until stopped.
    Run,
    /// Check the configuration and the files it names; exits 78 when something is wrong.
    ///
    /// What is wrong with a file or the modem's profile keeps at most the modem from being used: `run` sells water all the same.
    Check,
    /// Show the effective configuration, and who set each value.
    Show,
    /// Enrol this box at a hub with a one-time code (`kisima-hub site add` prints one).
    Join {
        /// The hub's address, such as https://hub.example
        hub_url: String,
        /// The one-time code.
        code: String,
        /// Enrol a box anew that has joined before; what it could draw is written off at the hub.
        #[arg(long)]
        replace: bool,
    },
    /// Look whether anything stands in the way of selling water, and say what to do about it; exits 1 when something does.
    ///
    /// Says what `check` says, and looks at the disk, the database, the ports, the modem, the hub and, when it runs, at the
    /// gateway. It changes nothing.
    Doctor,
    /// Managers of this site, who use its page.
    Manager {
        #[command(subcommand)]
        verb: ManagerVerb,
    },
    /// Make a token for the API, and print it once.
    Token {
        /// What it is for; a token of the same name stops working.
        name: String,
    },
    /// What happened at this site.
    Journal {
        #[command(subcommand)]
        verb: JournalVerb,
    },
    /// Who changed what by hand, and who was turned away.
    Audit {
        #[command(subcommand)]
        verb: AuditVerb,
    },
    /// Dispensers of this site.
    Dispenser {
        #[command(subcommand)]
        verb: DispenserVerb,
    },
}

#[derive(Subcommand)]
enum DispenserVerb {
    /// Let a dispenser connect, or give it a new secret; prints the secret once.
    Add {
        /// Its id: 1 to 32 of a-z, 0-9 and '-'.
        id: String,
    },
}

#[derive(Subcommand)]
enum AuditVerb {
    /// Check that no row was edited, deleted, swapped or cut off; names the first that was, and exits 1.
    Verify,
    /// Show the newest rows.
    Show {
        /// How many.
        #[arg(long, default_value_t = 50, value_name = "ROWS")]
        last: u32,
    },
}

#[derive(Subcommand)]
enum ManagerVerb {
    /// Make a manager, or give one a new first password; prints it once.
    Reset {
        /// The account.
        name: String,
    },
}

#[derive(Subcommand)]
enum JournalVerb {
    /// Write what happened as a table.
    Export {
        /// The file to write.
        #[arg(long, value_name = "FILE")]
        csv: PathBuf,
        /// The first day, such as 2026-11-21.
        #[arg(long, value_name = "DATE")]
        from: Option<Day>,
        /// The last day.
        #[arg(long, value_name = "DATE")]
        to: Option<Day>,
    },
}

/// Runs the program.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let code = if error.use_stderr() { EXIT_USAGE } else { 0 };
            return if error.print().is_ok() {
                ExitCode::from(code)
            } else {
                ExitCode::FAILURE
            };
        }
    };
    let sources = Sources {
        files: cli.sources.config,
        set: cli.sources.set,
        data_dir: cli.sources.data_dir,
        log_format: cli.sources.log_format,
    };
    let loaded = match Gateway::load(&sources, &System) {
        Ok(loaded) => loaded,
        Err(error) => return bad_config(&error),
    };
    if let Err(error) = rustls::crypto::ring::default_provider().install_default() {
        tracing::debug!(?error, "a TLS provider was installed before");
    }
    let outcome = match cli.verb {
        Verb::Check => check(&loaded),
        Verb::Show => {
            print!("{}", loaded.show());
            Ok(ExitCode::SUCCESS)
        }
        Verb::Run => serve(loaded),
        Verb::Join { hub_url, code, replace } => request(
            &loaded,
            Request::Join {
                url: hub_url,
                code,
                replace,
            },
        ),
        Verb::Doctor => examine(&loaded),
        Verb::Manager {
            verb: ManagerVerb::Reset { name },
        } => request(&loaded, Request::ManagerReset { name }),
        Verb::Token { name } => request(&loaded, Request::Token { name }),
        Verb::Journal {
            verb: JournalVerb::Export { csv, from, to },
        } => export(&loaded, &csv, from, to),
        Verb::Audit {
            verb: AuditVerb::Verify,
        } => verify_audit(&loaded),
        Verb::Audit {
            verb: AuditVerb::Show { last },
        } => show_audit(&loaded, last),
        Verb::Dispenser {
            verb: DispenserVerb::Add { id },
        } => request(&loaded, Request::DispenserAdd { id }),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("kisima-gateway: {error:#}");
        ExitCode::FAILURE
    })
}

fn bad_config(error: &ConfigError) -> ExitCode {
    eprintln!("kisima-gateway: {error}");
    ExitCode::from(EXIT_CONFIG)
}

/// Tells everything that is wrong, and what will not work as one may think.
fn check(loaded: &Loaded<Gateway>) -> anyhow::Result<ExitCode> {
    // The files must be readable for the gateway, not for root.
    runtime::owner::act_as_owner(app::data_dir(&loaded.config))?;
    let found = app::check::look(&loaded.config);
    for doubtful in &found.doubtful {
        eprintln!("kisima-gateway: mind: {doubtful}");
    }
    for wrong in &found.wrong {
        eprintln!("kisima-gateway: {wrong}");
    }
    if !found.wrong.is_empty() {
        return Ok(ExitCode::from(EXIT_CONFIG));
    }
    println!("The configuration is good.");
    Ok(ExitCode::SUCCESS)
}

fn serve(loaded: Loaded<Gateway>) -> anyhow::Result<ExitCode> {
    crate::log::start(&loaded.config.log)?;
    // Two threads: the deciding one and the disk are the limit, not the sockets.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    runtime.block_on(app::run(loaded))?;
    Ok(ExitCode::SUCCESS)
}

/// Performs a request at the running daemon, or, when none runs, over the machine itself.
fn request(loaded: &Loaded<Gateway>, request: Request) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime::owner::act_as_owner(app::data_dir(&loaded.config))?;
    let data = DataDir::open(app::data_dir(&loaded.config))?;
    let response = runtime.block_on(async {
        if let Some(response) = control::ask(&data.control(), &request).await? {
            return anyhow::Ok(response);
        }
        let _lock = data.lock()?;
        let vault = vault_key::vault(&data, loaded.config.storage.key_file.as_deref())?;
        if matches!(&request, Request::Join { replace: true, .. }) {
            data.set_damaged_aside(&vault)?;
        }
        let mut alone = Alone::open(&data, &loaded.config, &vault)?;
        let response = control::perform(&mut alone, &data, request).await;
        alone.site.close()?;
        Ok(response)
    })?;
    Ok(match response {
        Response::Ok(text) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Response::Refused(text) => {
            eprintln!("kisima-gateway: {text}");
            ExitCode::FAILURE
        }
    })
}

/// Tells what is in the way, whether a daemon runs or not.
fn examine(loaded: &Loaded<Gateway>) -> anyhow::Result<ExitCode> {
    let path = app::data_dir(&loaded.config);
    if path.exists() {
        runtime::owner::act_as_owner(path)?;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let wrong = runtime.block_on(app::doctor::examine(&loaded.config, &mut |line| println!("{line}")));
    Ok(match wrong {
        0 => ExitCode::SUCCESS,
        1 => {
            eprintln!("kisima-gateway: one thing is in the way");
            ExitCode::FAILURE
        }
        several => {
            eprintln!("kisima-gateway: {several} things are in the way");
            ExitCode::FAILURE
        }
    })
}

/// Writes the sales of some days, while a daemon runs or not.
fn export(loaded: &Loaded<Gateway>, csv: &Path, from: Option<Day>, to: Option<Day>) -> anyhow::Result<ExitCode> {
    runtime::owner::act_as_owner(app::data_dir(&loaded.config))?;
    let data = DataDir::open(app::data_dir(&loaded.config))?;
    let zone = Zone::named(loaded.config.site.time_zone.iana_name().unwrap_or("UTC"))?;
    let enrolment = data.enrolment()?;
    let zone = enrolment
        .as_ref()
        .map_or(Ok(zone), |enrolment| Zone::named(&enrolment.time_zone))?;
    let site = enrolment.as_ref().map_or("", |enrolment| enrolment.site.as_str());
    let currency = enrolment.as_ref().map(|enrolment| enrolment.currency);
    let connection = Database::open_read_only(&data.database())?;
    let filter = SaleFilter {
        from: from.map(|day| zone.begin(day)),
        until: to.map(|day| zone.end(day)),
        ..SaleFilter::default()
    };
    let mut sales = read::sales(&connection, &filter, u32::MAX)?;
    sales.reverse();
    let lines: String = sales.iter().map(|sale| wire::csv_line(site, currency, sale)).collect();
    std::fs::write(csv, format!("{}\r\n{lines}", wire::CSV_COLUMNS)).with_context(|| csv.display().to_string())?;
    println!("{} rows are in {}", sales.len(), csv.display());
    Ok(ExitCode::SUCCESS)
}

/// Reads the database beside a daemon that may run.
fn open_books(loaded: &Loaded<Gateway>) -> anyhow::Result<Connection> {
    runtime::owner::act_as_owner(app::data_dir(&loaded.config))?;
    let data = DataDir::open(app::data_dir(&loaded.config))?;
    let vault = vault_key::vault(&data, loaded.config.storage.key_file.as_deref())?;
    Ok(Database::open_read_only_sealed(&data.database(), &vault)?)
}

fn verify_audit(loaded: &Loaded<Gateway>) -> anyhow::Result<ExitCode> {
    match audit::verify(&open_books(loaded)?)? {
        Ok(rows) => println!("the audit is whole: {rows} rows"),
        Err(broken) => anyhow::bail!("the audit is broken: {broken}"),
    }
    Ok(ExitCode::SUCCESS)
}

fn show_audit(loaded: &Loaded<Gateway>, last: u32) -> anyhow::Result<ExitCode> {
    for row in audit::newest(&open_books(loaded)?, last)? {
        let who = if row.who.is_empty() { "-" } else { &row.who };
        println!("{} {} {who} {} {}", row.id, row.time.rfc3339(), row.what, row.detail);
    }
    Ok(ExitCode::SUCCESS)
}

/// A machine that only this subcommand uses.
struct Alone {
    site: Site,
    dice: Dice,
    clock: Clock,
}

impl Alone {
    fn open(data: &DataDir, config: &Gateway, vault: &Vault) -> Result<Alone, AppError> {
        let (site, dice) = app::open_site(data, config, vault)?;
        let clock = app::clock(&site)?;
        Ok(Alone { site, dice, clock })
    }

    fn give(&mut self, input: Input) -> Vec<Effect> {
        let moment: Moment = self.clock.stamp(&mut self.dice);
        run_batch(&mut self.site, [(moment, input)], |fault| {
            eprintln!("kisima-gateway: {fault}")
        })
    }
}

impl Performer for Alone {
    async fn tell(&mut self, command: Command) -> Result<Told, Refusal> {
        let effects = self.give(Input::Told(ReplyId(0), command));
        let reply = effects.into_iter().find_map(|effect| match effect {
            Effect::Reply(_, told) => Some(told),
            _ => None,
        });
        reply.unwrap_or(Err(Refusal::Degraded))
    }

    async fn joined(&mut self, enrolment: Enrolment) {
        self.give(Input::Joined(Box::new(enrolment)));
    }
}
