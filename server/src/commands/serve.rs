//! Serve, work, or both, until told to stop.

use crate::config::Config;
use crate::{demo, net, out, site, start, worker};
use anyhow::{Context, Result};
use std::process::ExitCode;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

pub struct Roles {
    pub serve: bool,
    pub work: bool,
    pub demo: bool,
}

pub async fn serve(config: Config, roles: Roles) -> Result<ExitCode> {
    let library = start::library()?;
    // Bound before anything slow, so that a port in use is said at once.
    let listener = if roles.serve { Some(bind(&config).await?) } else { None };
    let connected = start::database(&config).await?;
    connected.migrate().await?;
    let platform = start::platform(&config, &connected, &library).await?;
    let app = start::app(config, platform.clone());
    let (stop, stopped) = watch::channel(false);
    let background = worker::start(&app, roles.work, stopped.clone());
    if roles.demo {
        demo::prepare(&app, &library).await?;
    }
    tokio::spawn(wait_for_signal(stop));
    match listener {
        Some(listener) => {
            let address = listener.local_addr()?;
            out::line(&format!("Nexus is ready at http://{address}"));
            if roles.demo {
                demo::print(&app, address)?;
            }
            net::serve(listener, site::router(app.clone()), net::Limits::default(), stopped).await;
        }
        None => {
            out::line("Nexus is working on jobs");
            let mut stopped = stopped;
            let _ = stopped.wait_for(|stop| *stop).await;
        }
    }
    background.end().await;
    platform.services.pools.close().await;
    connected.leave().await?;
    Ok(ExitCode::SUCCESS)
}

async fn bind(config: &Config) -> Result<TcpListener> {
    TcpListener::bind(config.address).await.with_context(|| {
        format!("{} cannot be listened on. Another process may hold it: set NEXUS_SITE_ADDR or PORT", config.address)
    })
}

/// The first signal asks for a stop, the second one ends the process at once.
async fn wait_for_signal(stop: watch::Sender<bool>) {
    let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return;
    };
    tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
    tracing::info!("stopping; a second signal stops at once");
    let _ = stop.send(true);
    tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
    std::process::exit(130);
}
