//! The server of Nexus: pages, REST, worker and the commands of an operator. The binary is three lines; everything is here, where the
//! tests over HTTP reach it.

mod bench;
mod commands;
pub mod config;
mod demo;
pub mod middleware;
pub mod net;
mod out;
pub mod site;
pub mod start;
pub mod state;
pub mod worker;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[derive(Parser)]
#[command(
    name = "nexus",
    version,
    about = "One open system that a business runs on. Without a command it serves and works."
)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// Make two demo workspaces with people who can sign in, and print how.
    #[arg(long)]
    demo: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Serve pages and the API, without working on jobs.
    Serve,
    /// Work on jobs, without serving.
    Worker,
    /// Bring the database up to date, and stop.
    Migrate,
    /// Fill a workspace with demo records; again changes nothing.
    Seed(commands::seed::Arguments),
    /// Check packs and descriptions against themselves and against the database.
    Check(commands::check::Arguments),
    /// Verify, export or archive the audit trail.
    Audit(commands::audit::Arguments),
    /// Say which keys seal secrets, move everything to the first one, or make a new one.
    Secrets(commands::secrets::Arguments),
    /// Print every route with its method, guard and whether it may change data.
    Routes,
    /// Print the document of the API, OpenAPI 3.1.
    Openapi(commands::openapi::Arguments),
    /// Measure speed, size and memory against the smallest server that does the same.
    Bench(bench::Arguments),
    /// The smallest server that does the same, which `bench` starts.
    #[command(hide = true)]
    BenchCeiling(bench::ceiling::Arguments),
}

/// Reads arguments and settings, and runs what they ask for.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let config = match config::Config::from_env() {
        Ok(config) => config,
        Err(faults) => {
            out::error(&faults.to_string());
            return ExitCode::from(2);
        }
    };
    start::logs(&config);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            out::error(&format!("The runtime could not start: {error}"));
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(run(arguments, config)) {
        Ok(code) => code,
        Err(error) => {
            out::error(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments, config: config::Config) -> anyhow::Result<ExitCode> {
    let roles = |serve, work| commands::serve::Roles { serve, work, demo: arguments.demo };
    match arguments.command {
        None => commands::serve::serve(config, roles(true, true)).await,
        Some(Command::Serve) => commands::serve::serve(config, roles(true, false)).await,
        Some(Command::Worker) => commands::serve::serve(config, roles(false, true)).await,
        Some(Command::Migrate) => commands::migrate::migrate(&config).await,
        Some(Command::Seed(wanted)) => commands::seed::seed(config, wanted).await,
        Some(Command::Check(wanted)) => commands::check::check(config, wanted).await,
        Some(Command::Audit(wanted)) => commands::audit::audit(config, wanted).await,
        Some(Command::Secrets(wanted)) => commands::secrets::secrets(config, wanted).await,
        Some(Command::Routes) => commands::routes::routes(config),
        Some(Command::Openapi(wanted)) => commands::openapi::openapi(&config, &wanted),
        Some(Command::Bench(wanted)) => bench::bench(config, wanted).await,
        Some(Command::BenchCeiling(wanted)) => bench::ceiling::serve(wanted).await,
    }
}
