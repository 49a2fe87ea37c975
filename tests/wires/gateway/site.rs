//! A gateway of its own for each test.

use std::time::Duration;

use serde_json::Value;
use world::{
    mqtt::Client,
    processes::{Folder, Program},
};

/// How long a program may take to end when asked to (DESIGN section 9).
pub const STOP_WITHIN: Duration = Duration::from_secs(10);

/// A gateway that no hub knows yet.
pub struct Site {
    pub gateway: Program,
    // Dropped after the program that lives in it.
    _folder: Folder,
}

impl Site {
    /// A gateway that is not started.
    pub fn new(name: &str) -> Site {
        let folder = Folder::new(name).unwrap();
        let gateway = Program::gateway(&folder.path().join("gateway")).unwrap();
        Site {
            gateway,
            _folder: folder,
        }
    }

    /// A gateway that runs.
    pub async fn start(name: &str) -> Site {
        let mut site = Site::new(name);
        site.gateway.start().await.unwrap();
        site
    }

    /// Lets a dispenser connect; its secret.
    pub async fn add(&self, id: &str) -> String {
        self.gateway.last_word(&["dispenser", "add", id]).await.unwrap()
    }

    /// A dispenser's connection.
    pub async fn connect(&self, id: &str, secret: &str) -> Client {
        Client::connect(self.gateway.address("mqtt").unwrap(), id, secret, "")
            .await
            .unwrap()
    }

    /// A new dispenser and its connection.
    pub async fn tap(&self, id: &str) -> Client {
        let secret = self.add(id).await;
        self.connect(id, &secret).await
    }
}

/// The JSON of a payload.
pub fn json(payload: &[u8]) -> Value {
    serde_json::from_slice(payload).unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(payload)))
}

/// The names of an object's fields, in the order of the bytes.
pub fn fields(payload: &[u8]) -> Vec<String> {
    let text = String::from_utf8(payload.to_vec()).unwrap();
    let value = json(payload);
    let object = value.as_object().unwrap();
    let mut names: Vec<String> = object.keys().cloned().collect();
    names.sort_by_key(|name| text.find(&format!("\"{name}\":")));
    names
}

/// Four lines of at most 20 characters.
pub fn assert_fits_the_display(body: &Value) {
    let lines = body["lines"].as_array().unwrap();
    assert_eq!(lines.len(), 4, "{body}");
    for line in lines {
        assert!(line.as_str().unwrap().chars().count() <= 20, "{body}");
    }
}
