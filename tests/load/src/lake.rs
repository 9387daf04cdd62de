//! The questions of the dashboard to a lake of a year's bookings: in this process, and over HTTP
//! from a platform that runs on it.

use std::path::Path;
use std::time::{Duration, Instant};

use atrio::data_dir::DataDir;
use atrio::seed::sample_venues;
use atrio_domain::venue::{TIME_ZONE, Venue};
use atrio_lake_query::{Lake, Question, Venues, View};
use atrio_lake_schema::TABLES;
use atrio_lake_write::LakeWriter;
use jiff::ToSpan as _;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use crate::measure::Times;
use crate::platform::Platform;
use crate::report::{self, mebibytes, seconds};
use crate::{Failure, Options, seed};

/// Days that a venue's dashboard shows.
const FORTNIGHT_DAYS: i32 = 14;

/// Days back from the last one that questions are about.
const ASKED_DAYS: i32 = 300;

/// Seeds a lake and asks it.
pub(crate) async fn measure(
    program: &Path,
    folder: &Path,
    options: &Options,
) -> Result<(), Failure> {
    let data = DataDir::open(folder)?;
    let venues = sample_venues()?;
    let writer = LakeWriter::open(data.lake_url()).await?;
    let at = Instant::now();
    let seeded = seed::year(&writer, &venues, options.bookings).await?;
    report::row("lake seeded", &seeded.to_string(), &seconds(at.elapsed()));

    in_process(&data, &venues, options.questions, "as appended").await?;
    let at = Instant::now();
    for table in TABLES {
        writer.compact(table).await?;
    }
    report::row("lake compacted", "all tables", &seconds(at.elapsed()));
    in_process(&data, &venues, options.questions, "compacted").await?;
    drop(writer);
    over_http(program, folder, &venues, options.questions).await
}

async fn in_process(
    data: &DataDir,
    venues: &[Venue],
    questions: usize,
    what: &str,
) -> Result<(), Failure> {
    let at = Instant::now();
    let lake = Lake::open(data.lake_url()).await?;
    report::row("lake opened", what, &seconds(at.elapsed()));
    let view = lake.view();
    let mut random = StdRng::seed_from_u64(1);
    let (mut together, mut platform) = (Vec::new(), Vec::new());
    let mut single: [Vec<Duration>; 4] = Default::default();
    for _ in 0..questions {
        let (venue, day) = subject(&mut random, venues)?;
        let fortnight = question(venue, day, FORTNIGHT_DAYS)?;
        let today = question(venue, day, 1)?;
        let at = Instant::now();
        tokio::try_join!(
            view.booked(&fortnight),
            view.admitted(&fortnight),
            view.counted(&fortnight),
            view.units(&today),
        )?;
        together.push(at.elapsed());
        one_by_one(&view, &fortnight, &today, &mut single).await?;
    }
    for _ in 0..questions {
        let (_, day) = subject(&mut random, venues)?;
        let all = Question { venues: Venues::All, ..question("", day, 1)? };
        let at = Instant::now();
        tokio::try_join!(view.booked(&all), view.admitted(&all), view.counted(&all))?;
        platform.push(at.elapsed());
    }
    report::row("a venue's dashboard, four queries", what, &Times::of(together).to_string());
    for (name, times) in ["booked", "admitted", "counted", "units"].into_iter().zip(single) {
        report::row(
            &format!("query `{name}` alone, one venue"),
            what,
            &Times::of(times).to_string(),
        );
    }
    report::row("all venues' overview, three queries", what, &Times::of(platform).to_string());
    Ok(())
}

async fn one_by_one(
    view: &View,
    fortnight: &Question,
    today: &Question,
    times: &mut [Vec<Duration>; 4],
) -> Result<(), Failure> {
    let [booked, admitted, counted, units] = times;
    let at = Instant::now();
    view.booked(fortnight).await?;
    booked.push(at.elapsed());
    let at = Instant::now();
    view.admitted(fortnight).await?;
    admitted.push(at.elapsed());
    let at = Instant::now();
    view.counted(fortnight).await?;
    counted.push(at.elapsed());
    let at = Instant::now();
    view.units(today).await?;
    units.push(at.elapsed());
    Ok(())
}

async fn over_http(
    program: &Path,
    folder: &Path,
    venues: &[Venue],
    questions: usize,
) -> Result<(), Failure> {
    let platform = Platform::start(program, folder).await?;
    report::row("start-up", "seeded lake, compacted", &seconds(platform.started_in));
    let token = platform.manager().await?;
    let ask = async |path: String| {
        let at = Instant::now();
        let answer = platform.client.get(platform.url(&path)).bearer_auth(&token).send().await?;
        answer.error_for_status()?.bytes().await?;
        Ok::<_, Failure>(at.elapsed())
    };
    let mut random = StdRng::seed_from_u64(2);
    let (mut one, mut all) = (Vec::new(), Vec::new());
    for _ in 0..questions {
        let (venue, day) = subject(&mut random, venues)?;
        one.push(ask(format!("/v1/dashboard/{venue}?day={day}")).await?);
    }
    for _ in 0..questions {
        let (_, day) = subject(&mut random, venues)?;
        all.push(ask(format!("/v1/dashboard?day={day}")).await?);
    }
    report::row("a venue's dashboard", "over HTTP, compacted", &Times::of(one).to_string());
    report::row("all venues' overview", "over HTTP, compacted", &Times::of(all).to_string());
    report::row("resident memory", "after the dashboards", &mebibytes(platform.resident_bytes()?));
    platform.stop().await?;
    Ok(())
}

fn subject<'a>(random: &mut StdRng, venues: &'a [Venue]) -> Result<(&'a str, Date), Failure> {
    let venue = &venues[random.random_range(0..venues.len())];
    let day = seed::LAST_DAY.checked_sub(random.random_range(0..ASKED_DAYS).days())?;
    Ok((venue.id.as_str(), day))
}

/// The question that the dashboard asks about a venue for some days up to `last_day`.
pub(crate) fn question(venue: &str, last_day: Date, days: i32) -> Result<Question, Failure> {
    let zone = TimeZone::get(TIME_ZONE)?;
    let first_day = last_day.checked_sub((days - 1).days())?;
    let begins = |day: Date| day.to_zoned_datetime(zone.clone()).map(|start| start.timestamp());
    Ok(Question {
        venues: Venues::one(venue),
        first_day,
        last_day,
        from: begins(first_day)?,
        until: begins(last_day.checked_add(1.day())?)?,
    })
}
