//! Read-only connections for pages and the API. SQLite blocks, so each reading happens on a thread for such things.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use store::{Connection, Database, StoreError};
use tokio::sync::Semaphore;

use crate::hub::effect::{Refusal, RefusalKind};

/// How many readings may go on at once; the others wait.
const READERS_MAX: usize = 4;

/// The hub's books, for reading. Cheap to clone.
#[derive(Clone)]
pub struct Books {
    path: Arc<PathBuf>,
    idle: Arc<Mutex<Vec<Connection>>>,
    room: Arc<Semaphore>,
    door: Arc<Semaphore>,
}

impl Books {
    /// The books in the database at `path`.
    pub fn new(path: PathBuf) -> Books {
        Books {
            path: Arc::new(path),
            idle: Arc::default(),
            room: Arc::new(Semaphore::new(READERS_MAX)),
            door: Arc::new(Semaphore::new(1)),
        }
    }

    /// Reads; everything that `look` sees is of one commit.
    pub async fn read<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Refusal> {
        self.read_in(&self.room, look).await
    }

    /// Reads who asks: a place is kept for that, so that nobody waits at the door for others' long lists.
    pub async fn read_at_the_door<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Refusal> {
        self.read_in(&self.door, look).await
    }

    async fn read_in<T: Send + 'static>(
        &self,
        room: &Semaphore,
        look: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Refusal> {
        let Ok(_permit) = room.acquire().await else {
            return Err(unreadable());
        };
        let books = self.clone();
        let reading = tokio::task::spawn_blocking(move || {
            let idle = books.idle().pop();
            let reader = idle.map_or_else(|| Database::open_read_only(&books.path), Ok)?;
            let seen = snapshot(&reader, look);
            // A connection that failed once is not used again.
            if seen.is_ok() {
                books.idle().push(reader);
            }
            seen
        });
        match reading.await {
            Ok(Ok(seen)) => Ok(seen),
            Ok(Err(error)) => {
                tracing::error!(%error, "the books cannot be read");
                Err(unreadable())
            }
            Err(error) => {
                tracing::error!(%error, "a reading of the books ended early");
                Err(unreadable())
            }
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        // A list of idle connections: a panic elsewhere cannot leave it half-written.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Everything that `look` reads is of one commit.
fn snapshot<T>(
    connection: &Connection,
    look: impl FnOnce(&Connection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let transaction = connection.unchecked_transaction()?;
    let seen = look(&transaction)?;
    transaction.commit()?;
    Ok(seen)
}

fn unreadable() -> Refusal {
    Refusal::new(
        RefusalKind::Unavailable,
        "unavailable",
        "the books cannot be read now; try again in a moment",
    )
}
