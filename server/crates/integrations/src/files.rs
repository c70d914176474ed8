//! Files in a folder or in anything that speaks S3, and the scanner `clamd`.

use domain::backend::BoxFuture;
use domain::{Error, Result};
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path as Place;
use object_store::{ObjectStore, ObjectStoreExt};
use platform::secret::Secret;
use platform::shelf::{FileKey, FileStore, Scan, Scanner};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use words::t;

/// Where an S3 store is, and what opens it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3Settings {
    pub bucket: String,
    pub region: String,
    /// Of a store that is not Amazon's.
    pub endpoint: Option<String>,
    pub key_id: String,
    pub secret: Secret<String>,
}

pub struct ObjectFiles(Arc<dyn ObjectStore>);

impl ObjectFiles {
    /// A folder that nobody else may read, made if it is not there.
    pub fn local(folder: &Path) -> std::io::Result<Self> {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let store = LocalFileSystem::new_with_prefix(folder).map_err(std::io::Error::other)?;
        Ok(Self(Arc::new(store)))
    }

    pub fn s3(settings: &S3Settings) -> std::result::Result<Self, object_store::Error> {
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&settings.bucket)
            .with_region(&settings.region)
            .with_access_key_id(&settings.key_id)
            .with_secret_access_key(settings.secret.expose());
        if let Some(endpoint) = &settings.endpoint {
            builder = builder.with_endpoint(endpoint).with_allow_http(endpoint.starts_with("http://"));
        }
        Ok(Self(Arc::new(builder.build()?)))
    }
}

impl FileStore for ObjectFiles {
    fn put<'a>(&'a self, key: &'a FileKey, content: Vec<u8>) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            self.0.put(&Place::from(key.as_str()), content.into()).await.map(drop).map_err(|error| away(&error))
        })
    }

    fn get<'a>(&'a self, key: &'a FileKey) -> BoxFuture<'a, Result<Vec<u8>>> {
        Box::pin(async move {
            match self.0.get(&Place::from(key.as_str())).await {
                Ok(found) => found.bytes().await.map(|bytes| bytes.to_vec()).map_err(|error| away(&error)),
                Err(object_store::Error::NotFound { .. }) => Err(Error::not_found()),
                Err(error) => Err(away(&error)),
            }
        })
    }

    fn delete<'a>(&'a self, key: &'a FileKey) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            match self.0.delete(&Place::from(key.as_str())).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
                Err(error) => Err(away(&error)),
            }
        })
    }
}

fn away(error: &object_store::Error) -> Error {
    tracing::error!(%error, "the file store did not answer as it should");
    Error::unavailable(t!("The file store cannot be reached. Try again in a moment"))
}

/// A scanner behind `CLAMD_ADDR`, asked over TCP by its INSTREAM command.
pub struct Clamd {
    address: String,
    patience: Duration,
}

/// Bytes of one piece of a stream.
const PIECE: usize = 64 * 1024;
/// An answer is a line.
const ANSWER: u64 = 4096;

impl Clamd {
    pub fn new(address: String) -> Self {
        Self { address, patience: Duration::from_secs(30) }
    }

    async fn ask(&self, content: &[u8]) -> std::io::Result<String> {
        let mut stream = TcpStream::connect(&self.address).await?;
        stream.write_all(b"zINSTREAM\0").await?;
        for piece in content.chunks(PIECE) {
            stream.write_all(&u32::try_from(piece.len()).unwrap_or(0).to_be_bytes()).await?;
            stream.write_all(piece).await?;
        }
        stream.write_all(&0u32.to_be_bytes()).await?;
        let mut answer = Vec::new();
        stream.take(ANSWER).read_to_end(&mut answer).await?;
        Ok(String::from_utf8_lossy(&answer).trim_end_matches('\0').trim().to_owned())
    }
}

impl Scanner for Clamd {
    fn scan<'a>(&'a self, content: &'a [u8]) -> BoxFuture<'a, Scan> {
        Box::pin(async move {
            match tokio::time::timeout(self.patience, self.ask(content)).await {
                Ok(Ok(answer)) if answer == "stream: OK" => Scan::Clean,
                Ok(Ok(answer)) => match answer.strip_prefix("stream: ").and_then(|rest| rest.strip_suffix(" FOUND")) {
                    Some(name) => Scan::Found(name.to_owned()),
                    None => Scan::Later(format!("The scanner said {answer:?}")),
                },
                Ok(Err(error)) => Scan::Later(error.to_string()),
                Err(_) => Scan::Later("The scanner took too long".to_owned()),
            }
        })
    }
}
