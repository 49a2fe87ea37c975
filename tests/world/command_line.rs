//! How the tools read their command lines.

use std::process::ExitCode;

use clap::Parser;

/// Exit status for a command line that cannot be understood.
pub const EXIT_USAGE: u8 = 64;

/// What the command line says; else what was wrong, or the help that was asked for, is printed, and the program ends with
/// this status.
pub fn arguments<T: Parser>() -> Result<T, ExitCode> {
    T::try_parse().map_err(|error| {
        let code = if error.use_stderr() { EXIT_USAGE } else { 0 };
        match error.print() {
            Ok(()) => ExitCode::from(code),
            Err(_) => ExitCode::FAILURE,
        }
    })
}
