//! One tenant's page must never lend its context to another request, however the two are interleaved on a thread.

use crate::support::Server;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Asks who it is, over and over, while the other tenant's pages are drawn; each answer must hold its own workspace only.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_two_workspaces_never_mix() {
    let server = Server::new().await;
    let lakeside = server.world.tenant("lakeside", "automotive").await;
    let harbour = server.world.tenant("harbour", "automotive").await;
    let (amina, _) = server.signed_in(&lakeside, "Amina", &["USER"]).await;
    let (neema, _) = server.signed_in(&harbour, "Neema", &["USER"]).await;
    let anonymous = server.client();
    let busy = Arc::new(AtomicBool::new(true));
    let stream = {
        let (amina, busy) = (amina.clone(), busy.clone());
        tokio::spawn(async move {
            let mut drawn = 0;
            while busy.load(Ordering::Relaxed) {
                let (_, page) = amina.page("/w/lakeside/leads").await;
                assert!(
                    page.contains("lakeside") && !page.contains("harbour"),
                    "Amina's page holds the other workspace"
                );
                drawn += 1;
            }
            drawn
        })
    };
    for _ in 0..60 {
        let (status, page) = neema.page("/w/harbour/leads").await;
        assert_eq!(status, 200);
        assert!(page.contains("harbour") && !page.contains("lakeside"), "Neema's page holds the other workspace");
        let (_, page) = anonymous.page("/sign-in").await;
        assert!(!page.contains("lakeside") && !page.contains("Amina"), "nobody's page holds somebody's workspace");
        let (status, _) = anonymous.page("/w/lakeside/leads").await;
        assert_eq!(status, 303, "nobody is led to sign in");
    }
    busy.store(false, Ordering::Relaxed);
    assert!(stream.await.unwrap() > 10, "the other pages were drawn meanwhile");
    server.end().await;
}
