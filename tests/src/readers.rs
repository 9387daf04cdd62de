//! Programs that read the lake and are not ours.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::process::Process;

/// The Python with the readers of `tests/readers.txt`.
///
/// # Panics
/// When it is not installed: an unread lake is not a verified one.
#[must_use]
pub fn readers_python() -> PathBuf {
    let python = std::env::var_os("ATRIO_READER_PYTHON").map_or_else(
        || {
            let home = PathBuf::from(std::env::var_os("HOME").expect("a home"));
            home.join(".cache/atrio/venv-reader/bin/python")
        },
        PathBuf::from,
    );
    assert!(
        python.exists(),
        "the independent readers are not installed: there is no `{}`; run `make reader`, or name a \
         Python that has them in ATRIO_READER_PYTHON",
        python.display()
    );
    python
}

/// What a program that asked printed.
#[derive(Debug)]
pub struct Answered {
    /// Whether it was content.
    pub is_good: bool,
    /// The answer.
    pub said: String,
    /// The complaint.
    pub complained: String,
}

/// Someone who asks over PostgreSQL's protocol.
#[derive(Debug)]
pub struct Asking {
    host: String,
    port: String,
    flight: Option<String>,
    authority: PathBuf,
    token: String,
}

impl Asking {
    /// Someone with that token.
    ///
    /// # Panics
    /// When the platform does not speak the protocol.
    #[must_use]
    pub fn of(platform: &Process, token: String) -> Self {
        let address = platform.run.sql.as_deref().expect("an address for SQL");
        let (host, port) = address.rsplit_once(':').expect("host and port");
        let authority = platform.data().join("ca/ca.pem");
        let (host, port) = (host.to_owned(), port.to_owned());
        Self { host, port, flight: platform.run.flight.clone(), authority, token }
    }

    /// Asks with `psql`, rows one a line, columns parted by `|`, over a checked certificate.
    #[must_use]
    pub fn psql(&self, question: &str) -> Answered {
        self.psql_by(&format!("verify-ca sslrootcert={}", self.authority.display()), question)
    }

    /// Asks with `psql` in another mode of TLS.
    ///
    /// # Panics
    /// When `psql` is not installed.
    #[must_use]
    pub fn psql_by(&self, tls: &str, question: &str) -> Answered {
        let (host, port) = (&self.host, &self.port);
        let wanted = format!("host={host} port={port} dbname=atrio user=analyst sslmode={tls}");
        let mut psql = Command::new("psql");
        psql.args(["--no-psqlrc", "-At", "-v", "ON_ERROR_STOP=1", "-c", question, &wanted]);
        answer(psql.env("PGPASSWORD", &self.token))
    }

    /// Asks over Arrow Flight SQL with ADBC's driver; one line of JSON a row.
    ///
    /// # Panics
    /// When the platform does not speak it.
    #[must_use]
    pub fn flight(&self, question: &str) -> Answered {
        let mut python = Command::new(readers_python());
        let address = self.flight.as_deref().expect("an address for Arrow Flight");
        python.args(["-c", FLIGHT, address, question]).arg(&self.authority);
        answer(python.env("PGPASSWORD", &self.token))
    }

    /// Asks with `pg8000`, another driver, which sends values apart from the text; one line of JSON a row.
    #[must_use]
    pub fn python(&self, question: &str, values: &[&str]) -> Answered {
        let mut python = Command::new(readers_python());
        python.args(["-c", PYTHON, &self.host, &self.port, question]).args(values);
        answer(python.env("PGPASSWORD", &self.token))
    }
}

const PYTHON: &str = r#"
import json, os, ssl, sys
import pg8000.native

host, port, question, *values = sys.argv[1:]
tls = ssl.create_default_context()
tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
connection = pg8000.native.Connection(
    "analyst", host=host, port=int(port), database="atrio", password=os.environ["PGPASSWORD"],
    ssl_context=tls, timeout=30)
for row in connection.run(question, **{f"v{at}": value for at, value in enumerate(values)}):
    print(json.dumps(row, default=str))
"#;

const FLIGHT: &str = r#"
import json, os, sys
import adbc_driver_flightsql.dbapi as flight
from adbc_driver_flightsql import DatabaseOptions

address, question, authority = sys.argv[1:]
options = {
    DatabaseOptions.TLS_ROOT_CERTS.value: open(authority).read(),
    DatabaseOptions.AUTHORIZATION_HEADER.value: "Bearer " + os.environ["PGPASSWORD"],
}
with flight.connect("grpc+tls://" + address, db_kwargs=options) as connection:
    if question == "TABLES":
        found = connection.adbc_get_objects(depth="tables").read_all().to_pylist()
        schemas = [schema for catalogue in found for schema in catalogue["catalog_db_schemas"]]
        print(json.dumps(sorted(t["table_name"] for s in schemas for t in s["db_schema_tables"])))
    else:
        with connection.cursor() as cursor:
            cursor.execute(question)
            for row in cursor.fetchall():
                print(json.dumps(row, default=str))
"#;

/// Reads a released table's newest files with DuckDB, which finds them by `deltalake`; one line of JSON a row.
#[must_use]
pub fn duckdb_reads(lake: &str, table: &str, columns: &str) -> Answered {
    let mut python = Command::new(readers_python());
    answer(python.args(["-c", DUCKDB, lake, table, columns]))
}

const DUCKDB: &str = r#"
import json, sys, urllib.parse
import deltalake, duckdb

lake, table, columns = sys.argv[1:]
found = deltalake.DeltaTable(f"{lake.removeprefix('file://').rstrip('/')}/{table}")
files = [urllib.parse.unquote(uri.removeprefix("file://")) for uri in found.file_uris()]
for row in duckdb.execute(f"SELECT {columns} FROM read_parquet($1)", [files]).fetchall():
    print(json.dumps(row, default=str))
print(found.to_pyarrow_table().num_rows, file=sys.stderr)
"#;

fn answer(command: &mut Command) -> Answered {
    let output = command.stdin(Stdio::null()).output().expect("the program is installed");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    Answered {
        is_good: output.status.success(),
        said: text(&output.stdout),
        complained: text(&output.stderr),
    }
}
