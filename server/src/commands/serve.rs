//! Serve, work, or both, until told to stop.

use crate::config::Config;
use crate::{demo, net, out, site, start, worker};
use anyhow::{Context, Result};
use packs::Library;
use platform::capability::Mailer;
use start::Connected;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

pub struct Roles {
    pub serve: bool,
    pub work: bool,
    pub demo: bool,
}

pub async fn serve(config: Config, roles: Roles) -> Result<ExitCode> {
    let library = start::library(config.packs.as_deref())?;
    start::message_templates()?;
    let mailer = start::mailer(&config)?;
    let (stop, stopped) = watch::channel(false);
    // From the first moment: a database that was started must not be left behind by whoever stops the server while it starts.
    tokio::spawn(wait_for_signal(stop));
    // Bound before anything slow, so that a port in use is said at once.
    let listener = if roles.serve { Some(bind(&config).await?) } else { None };
    let connected = start::database(&config).await?;
    let served = until_stopped(config, mailer, &roles, &library, &connected, listener, stopped).await;
    let left = connected.leave().await;
    served?;
    left?;
    Ok(ExitCode::SUCCESS)
}

async fn until_stopped(
    config: Config,
    mailer: Arc<dyn Mailer>,
    roles: &Roles,
    library: &Library,
    connected: &Connected,
    listener: Option<TcpListener>,
    mut stopped: watch::Receiver<bool>,
) -> Result<()> {
    connected.migrate().await?;
    if config.packs.is_some() {
        connected.tables(library).await?;
    }
    let platform = start::platform(&config, connected, library).await?;
    let furnished = packs::start::furnish_all(&platform, library).await?;
    if furnished > 0 {
        tracing::info!(furnished, "workspaces were given a chart of accounts and tax rates");
    }
    let app = start::app(config, platform.clone());
    let tools = worker::Tools { mailer, workflows: start::workflow_templates(library) };
    let background = worker::start(&app, roles.work, tools, stopped.clone());
    if roles.demo {
        tokio::select! {
            prepared = demo::prepare(&app, library) => prepared?,
            // It is made again, from where it is, at the next start.
            _ = stopped.wait_for(|stop| *stop) => {}
        }
    }
    match listener {
        _ if *stopped.borrow() => {}
        Some(listener) => {
            let address = listener.local_addr()?;
            out::line(&format!("Nexus is ready at http://{address}"));
            // Not with the demo, which has people of its own. On the terminal alone: a log is read by more people.
            if !roles.demo
                && let Some(token) = platform.services.auth.setup_link().await?
            {
                out::line("Nobody has an account yet. Make yours, and the first workspace, within a day at");
                out::line(&format!("  {}/setup?token={}", app.config.base_url, token.expose()));
            }
            if roles.demo {
                demo::print(&app, address)?;
            }
            net::serve(listener, site::router(app.clone()), net::Limits::default(), stopped).await;
        }
        None => {
            out::line("Nexus is working on jobs");
            let _ = stopped.wait_for(|stop| *stop).await;
        }
    }
    background.end().await;
    platform.services.pools.close().await;
    Ok(())
}

async fn bind(config: &Config) -> Result<TcpListener> {
    TcpListener::bind(config.address).await.with_context(|| {
        format!("{} cannot be listened on. Another process may hold it: set NEXUS_SITE_ADDR or PORT", config.address)
    })
}

/// Signals this close together are one: a signal to a whole process group comes once more from `make`, which passes it on.
const SAME: Duration = Duration::from_secs(1);

/// The first signal asks for a stop, a later one ends the process at once.
async fn wait_for_signal(stop: watch::Sender<bool>) {
    let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return;
    };
    tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
    tracing::info!("stopping; a second signal stops at once");
    let _ = stop.send(true);
    let _ = tokio::time::timeout(SAME, async {
        while tokio::select! { more = terminate.recv() => more, more = interrupt.recv() => more }.is_some() {}
    })
    .await;
    tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
    std::process::exit(130);
}
