//! The authority that vouches for devices on one machine, and their enrolment. In the cloud AWS IoT
//! Core does this. Keys are written to files that only their owner may read, and nowhere else.

use std::fs;
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};

use atrio_domain::device::{DeviceName, RegisteredDevice};
use atrio_domain::id::{GateId, VenueId};
use atrio_dynamo::Store;
use atrio_runtime::Clock;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan, ZonedDateTime};
use rcgen::string::Ia5String;
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, SanType, SerialNumber,
};
use sha2::{Digest, Sha256};
use uuid::Uuid;

const CA_YEARS: i64 = 20;
/// Longer than a run of the platform; a new one is made at each start.
const SERVER_DAYS: i64 = 397;
/// How long a device may speak before it is enrolled again.
const DEVICE_YEARS: i64 = 3;

/// Why an authority or a certificate cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum DevicesError {
    /// A file cannot be read or written.
    #[error("cannot {action} `{}`", path.display())]
    File {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The directory holds the keys of another enrolment.
    #[error("`{}` exists: choose another directory, or remove it when that device is retired", path.display())]
    Exists {
        /// The file in the way.
        path: PathBuf,
    },
    /// A certificate or key cannot be made or read.
    #[error("cannot make or read a certificate")]
    Certificate(#[from] rcgen::Error),
    /// The clock is outside the years certificates can name.
    #[error("the clock says `{now}`: set it")]
    Clock {
        /// What the clock says.
        now: Timestamp,
    },
    /// The venue is not known.
    #[error("there is no venue `{venue}`: `GET /v1/venues` lists them")]
    UnknownVenue {
        /// What was given.
        venue: VenueId,
    },
    /// The device was never enrolled.
    #[error("`{device}` is not enrolled: `atrio device list` names those that are")]
    NotEnrolled {
        /// What was given.
        device: DeviceName,
    },
    /// The device's right to speak was withdrawn.
    #[error("`{device}` was revoked at {revoked_at}: `atrio device enrol` takes it in again")]
    Revoked {
        /// The device.
        device: DeviceName,
        /// When.
        revoked_at: Timestamp,
    },
    /// Somebody else changed the enrolment at the same moment.
    #[error("`{device}` was changed by somebody else meanwhile: look at it and try again")]
    Changed {
        /// The device.
        device: DeviceName,
    },
    /// The registry cannot be written.
    #[error("cannot write the registry of devices")]
    Registry(#[from] atrio_dynamo::Error),
}

/// The authority's files, under `{data}/ca/`.
#[derive(Debug)]
pub struct DeviceCa {
    directory: PathBuf,
}

/// What enrolment made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolment {
    /// What the registry says now.
    pub registered: RegisteredDevice,
    /// When the certificate ends.
    pub expires_at: Timestamp,
    /// Where `ca.pem`, `cert.pem` and `key.pem` are.
    pub directory: PathBuf,
}

impl DeviceCa {
    /// Opens the authority under a data directory; makes it the first time.
    ///
    /// # Errors
    /// [`DevicesError`] when the files cannot be written or are unreadable.
    pub fn open(data: &Path) -> Result<Self, DevicesError> {
        let ca = Self { directory: data.join("ca") };
        if ca.certificate().exists() {
            return Ok(ca);
        }
        // Complete or absent: the directory gets its name when both files are in it.
        let unfinished = data.join(format!("ca.{}", Uuid::new_v4()));
        fs::create_dir_all(&unfinished).map_err(file("create", &unfinished))?;
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let mut params = named("atrio device authority", CA_YEARS.years())?;
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        write_secret(&unfinished.join("ca-key.pem"), &key.serialize_pem())?;
        write(&unfinished.join("ca.pem"), &params.self_signed(&key)?.pem())?;
        match fs::rename(&unfinished, &ca.directory) {
            Ok(()) => Ok(ca),
            // Another process made it in the same moment; its authority is as good.
            Err(_) if ca.certificate().exists() => {
                fs::remove_dir_all(&unfinished).map_err(file("remove", &unfinished))?;
                Ok(ca)
            }
            Err(source) => Err(file("create", &ca.directory)(source)),
        }
    }

    /// The authority's certificate, for devices and the broker.
    #[must_use]
    pub fn certificate(&self) -> PathBuf {
        self.directory.join("ca.pem")
    }

    /// Makes the broker's certificate anew and answers with the files of it and its key. It names
    /// this machine and `names`, host names or addresses by which devices reach it.
    ///
    /// # Errors
    /// [`DevicesError`] when a file cannot be written or a name is no host name.
    pub fn server_certificate(&self, names: &[String]) -> Result<(PathBuf, PathBuf), DevicesError> {
        let mut params = named("atrio broker", SERVER_DAYS.days())?;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.subject_alt_names = vec![
            SanType::DnsName(Ia5String::try_from("localhost")?),
            SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            SanType::IpAddress(IpAddr::V6(Ipv6Addr::LOCALHOST)),
        ];
        for name in names {
            params.subject_alt_names.push(match name.parse() {
                Ok(address) => SanType::IpAddress(address),
                Err(_) => SanType::DnsName(Ia5String::try_from(name.as_str())?),
            });
        }
        let (certificate, key) = self.sign(&params)?;
        let paths = (self.directory.join("server.pem"), self.directory.join("server-key.pem"));
        replace_secret(&paths.1, &key.serialize_pem())?;
        write(&paths.0, &certificate.pem())?;
        Ok(paths)
    }

    /// Enrols a device: writes `ca.pem`, `cert.pem` and `key.pem` into `out` and enters it in the
    /// registry as of `now` by the platform's clock, as the gate that it is where it is one. Its earlier
    /// certificate, if it had one, opens nothing any more.
    ///
    /// # Errors
    /// [`DevicesError`]; nothing is left behind then.
    pub async fn enrol(
        &self,
        store: &Store,
        device: DeviceName,
        (venue, gate): (VenueId, Option<GateId>),
        out: &Path,
        now: Timestamp,
    ) -> Result<Enrolment, DevicesError> {
        if store.venue(&venue).await?.is_none() {
            return Err(DevicesError::UnknownVenue { venue });
        }
        let issued = self.issue(&device, out)?;
        let registered = RegisteredDevice {
            device,
            venue,
            gate,
            fingerprint: issued.fingerprint.clone(),
            certificate_serial: issued.serial.clone(),
            enrolled_at: now,
            revoked_at: None,
        };
        let entered = store.register_device(&registered).await.map_err(DevicesError::from);
        issued.keep_if(entered)?;
        enrolment(registered, out)
    }

    /// Gives an enrolled device another certificate, written into `out`; from now on the one before opens
    /// nothing, and a connection made with it ends. What the device counted goes on.
    ///
    /// # Errors
    /// [`DevicesError`]; the certificate before stays good then.
    pub async fn rotate(
        &self,
        store: &Store,
        device: DeviceName,
        out: &Path,
    ) -> Result<Enrolment, DevicesError> {
        let Some(read) = store.registered_device(&device).await? else {
            return Err(DevicesError::NotEnrolled { device });
        };
        if let Some(revoked_at) = read.revoked_at {
            return Err(DevicesError::Revoked { device, revoked_at });
        }
        let issued = self.issue(&device, out)?;
        let rotated = RegisteredDevice {
            fingerprint: issued.fingerprint.clone(),
            certificate_serial: issued.serial.clone(),
            ..read.clone()
        };
        let entered = match store.rotate_device(&read, &rotated).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(DevicesError::Changed { device }),
            Err(error) => Err(error.into()),
        };
        issued.keep_if(entered)?;
        enrolment(rotated, out)
    }

    /// Makes a certificate for a device and writes its files.
    fn issue(&self, device: &DeviceName, out: &Path) -> Result<Issued, DevicesError> {
        let files = ["ca.pem", "cert.pem", "key.pem"].map(|name| out.join(name));
        if let Some(path) = files.iter().find(|path| path.exists()) {
            return Err(DevicesError::Exists { path: path.clone() });
        }
        let serial = serial_number();
        let mut params = named(device.as_str(), DEVICE_YEARS.years())?;
        params.serial_number = Some(SerialNumber::from_slice(&serial));
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let (certificate, key) = self.sign(&params)?;
        fs::create_dir_all(out).map_err(file("create", out))?;
        let issued = Issued {
            fingerprint: hexadecimal(&Sha256::digest(certificate.der())),
            serial: hexadecimal(&serial),
            files,
        };
        let written = self.hand_out(&issued.files, &certificate, &key);
        issued.keep_if(written)?;
        Ok(issued)
    }

    fn hand_out(
        &self,
        [ca_path, cert_path, key_path]: &[PathBuf; 3],
        certificate: &Certificate,
        key: &KeyPair,
    ) -> Result<(), DevicesError> {
        write_secret(key_path, &key.serialize_pem())?;
        write(cert_path, &certificate.pem())?;
        write(ca_path, &read(&self.certificate())?)
    }

    fn sign(&self, params: &CertificateParams) -> Result<(Certificate, KeyPair), DevicesError> {
        let ca_key = KeyPair::from_pem(&read(&self.directory.join("ca-key.pem"))?)?;
        let issuer = Issuer::from_ca_cert_pem(&read(&self.certificate())?, ca_key)?;
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let certificate = params.signed_by(&key, &issuer)?;
        Ok((certificate, key))
    }
}

/// A certificate that was made, with its files.
struct Issued {
    fingerprint: String,
    serial: String,
    files: [PathBuf; 3],
}

impl Issued {
    /// Removes the files again where what should follow failed.
    fn keep_if(&self, followed: Result<(), DevicesError>) -> Result<(), DevicesError> {
        if followed.is_err() {
            for path in &self.files {
                // What was never written cannot be removed; the first error is the one to report.
                let _ = fs::remove_file(path);
            }
        }
        followed
    }
}

fn enrolment(registered: RegisteredDevice, out: &Path) -> Result<Enrolment, DevicesError> {
    let expires_at = in_machine_time(DEVICE_YEARS.years())?.timestamp();
    Ok(Enrolment { registered, expires_at, directory: out.to_owned() })
}

/// A certificate with this common name, from yesterday (clocks of devices run behind) to `span`
/// after today.
fn named(common_name: &str, span: Span) -> Result<CertificateParams, DevicesError> {
    let day = |zoned: &ZonedDateTime| {
        let date = zoned.date();
        let (month, day) = (date.month().unsigned_abs(), date.day().unsigned_abs());
        rcgen::date_time_ymd(date.year().into(), month, day)
    };
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.distinguished_name.push(DnType::OrganizationName, "atrio");
    params.not_before = day(&in_machine_time((-1).days())?);
    params.not_after = day(&in_machine_time(span)?);
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}

/// Now and a span. TLS judges certificates by the machine's clock, whatever day the platform
/// rehearses.
fn in_machine_time(span: Span) -> Result<ZonedDateTime, DevicesError> {
    let now = Clock::system().now();
    now.to_zoned_datetime(TimeZone::UTC).checked_add(span).map_err(|_| DevicesError::Clock { now })
}

/// A random serial number, positive and without leading zeros, so that its hexadecimal digits are
/// the same however a library writes them.
fn serial_number() -> [u8; 16] {
    let mut serial = Uuid::new_v4().into_bytes();
    serial[0] = (serial[0] & 0x3f) | 0x40;
    serial
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn file(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> DevicesError {
    move |source| DevicesError::File { action, path: path.to_owned(), source }
}

fn read(path: &Path) -> Result<String, DevicesError> {
    fs::read_to_string(path).map_err(file("read", path))
}

fn write(path: &Path, content: &str) -> Result<(), DevicesError> {
    fs::write(path, content).map_err(file("write", path))
}

/// Writes a new file that only its owner may read, from its first byte on.
fn write_secret(path: &Path, content: &str) -> Result<(), DevicesError> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(path).and_then(|mut secret| {
        secret.write_all(content.as_bytes())?;
        secret.sync_all()
    });
    written.map_err(file("write", path))
}

fn replace_secret(path: &Path, content: &str) -> Result<(), DevicesError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(file("replace", path)(error))
        }
        _ => write_secret(path, content),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_authority_is_made_once_and_its_keys_are_the_owners() {
        let data = std::env::temp_dir().join(format!("atrio-ca-{}", Uuid::new_v4()));
        let ca = DeviceCa::open(&data).unwrap();
        let first = read(&ca.certificate()).unwrap();
        let (certificate, key) = ca.server_certificate(&["atrio.local".to_owned()]).unwrap();
        let again = DeviceCa::open(&data).unwrap();
        assert_eq!(read(&again.certificate()).unwrap(), first);
        again.server_certificate(&[]).unwrap();
        assert!(certificate.exists());
        #[cfg(unix)]
        for secret in [key, data.join("ca/ca-key.pem")] {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&secret).unwrap().permissions().mode() & 0o777, 0o600);
        }
        fs::remove_dir_all(&data).unwrap();
    }
}
