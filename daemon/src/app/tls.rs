//! The site's own certificate authority, made on the first start and pinned in each dispenser (RELIABILITY section 5).

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};

use super::{
    AppError,
    files::{DataDir, FilesError},
};

/// What dispensers call the gateway; the certificate names no address, because a site's addresses change.
const NAMES: [&str; 2] = ["kisima-gateway", "localhost"];

/// What the MQTT listener with TLS serves with. Makes the authority and the certificate when there is none.
pub fn server(data: &DataDir) -> Result<Arc<ServerConfig>, AppError> {
    let wrong = |error: &dyn std::fmt::Display| AppError::Tls(error.to_string());
    if data.read("tls-key.pem")?.is_none() {
        make(data)?;
    }
    let chain = read(data, "tls-cert.pem")?;
    let key = read(data, "tls-key.pem")?;
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(&chain)
        .collect::<Result<_, _>>()
        .map_err(|error| wrong(&error))?;
    let key = PrivateKeyDer::from_pem_slice(&key).map_err(|error| wrong(&error))?;
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|error| wrong(&error))?;
    Ok(Arc::new(config))
}

fn read(data: &DataDir, name: &str) -> Result<Vec<u8>, FilesError> {
    let missing = || std::io::Error::from(std::io::ErrorKind::NotFound);
    let path = data.path().join(name).display().to_string();
    data.read(name)?.ok_or_else(|| FilesError::File {
        path,
        source: missing(),
    })
}

fn make(data: &DataDir) -> Result<(), AppError> {
    let wrong = |error: rcgen::Error| AppError::Tls(error.to_string());
    let mut params = CertificateParams::new(Vec::<String>::new()).map_err(wrong)?;
    params.distinguished_name.push(DnType::CommonName, "Kisima site");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().map_err(wrong)?).map_err(wrong)?;

    let mut params = CertificateParams::new(NAMES.map(str::to_owned)).map_err(wrong)?;
    params.distinguished_name.push(DnType::CommonName, NAMES[0]);
    let key = KeyPair::generate().map_err(wrong)?;
    let certificate = params.signed_by(&key, &authority).map_err(wrong)?;
    data.write("ca.pem", authority.pem().as_bytes(), 0o644)?;
    data.write("tls-cert.pem", certificate.pem().as_bytes(), 0o644)?;
    Ok(data.write("tls-key.pem", key.serialize_pem().as_bytes(), 0o600)?)
}
