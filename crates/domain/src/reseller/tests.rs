use super::*;

const SECRET: &[u8] = b"secret";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn reseller(now: Timestamp) -> (Reseller, FreshKey) {
    let key = FreshKey::new(Mode::Live, &[7; 32]);
    let term = key.term(SECRET, now);
    (Reseller::new(" Tours & Co.  ", Scope::All, term, now).unwrap(), key)
}

fn hash(key: &FreshKey) -> KeyHash {
    KeyHash::of(SECRET, key.reveal())
}

#[test]
fn a_key_is_found_by_its_hash_and_by_no_other_installation() {
    let (reseller, key) = reseller(at("2026-11-24T09:00:00Z"));
    assert_eq!(reseller.id.as_str(), "tours-co");
    assert!(key.reveal().starts_with("atrio_live_"));
    assert_eq!(reseller.admits(&hash(&key), at("2036-11-24T09:00:00Z")), Some(Mode::Live));
    assert_eq!(reseller.admits(&KeyHash::of(b"other", key.reveal()), reseller.added_at), None);
    let kept = format!("{reseller:?}");
    assert!(!kept.contains(key.reveal()), "{kept}");
}

#[test]
fn an_old_key_goes_on_for_the_overlap_and_not_longer_however_often_one_rotates() {
    let now = at("2026-11-24T09:00:00Z");
    let (first, old) = reseller(now);
    let new = FreshKey::new(Mode::Live, &[8; 32]);
    let second = first.rotate(new.term(SECRET, now), OVERLAP_USUAL, now).unwrap();
    let (before, after) = (at("2026-11-25T08:59:59Z"), at("2026-11-25T09:00:00Z"));
    assert!([&old, &new].iter().all(|key| second.admits(&hash(key), before).is_some()));
    assert_eq!(second.admits(&hash(&old), after), None);
    assert_eq!(second.admits(&hash(&new), after), Some(Mode::Live));
    let third = FreshKey::new(Mode::Live, &[9; 32]);
    let again = second.rotate(third.term(SECRET, before), OVERLAP_USUAL, before).unwrap();
    assert_eq!(again.admits(&hash(&old), after), None, "its end stands");
    let at_once = first.rotate(new.term(SECRET, now), SignedDuration::ZERO, now).unwrap();
    assert_eq!(at_once.admits(&hash(&old), now), None);
    let long = OVERLAP_MAX + SignedDuration::from_secs(1);
    assert_eq!(first.rotate(new.term(SECRET, now), long, now), Err(ResellerError::Overlap));
}

#[test]
fn who_is_revoked_sells_nothing_and_gets_no_key() {
    let now = at("2026-11-24T09:00:00Z");
    let (reseller, key) = reseller(now);
    let revoked = reseller.revoke(now);
    assert_eq!(revoked.admits(&hash(&key), now), None);
    assert_eq!(revoked.revoke(at("2026-11-25T09:00:00Z")), revoked);
    let refused = revoked.rotate(key.term(SECRET, now), OVERLAP_USUAL, now);
    assert!(matches!(refused, Err(ResellerError::Revoked { .. })));
}

#[test]
fn keys_that_sell_and_keys_that_rehearse_change_apart() {
    let now = at("2026-11-24T09:00:00Z");
    let (live_only, live) = reseller(now);
    let test = FreshKey::new(Mode::Test, &[8; 32]);
    let both = live_only.issue(test.term(SECRET, now), Ending::Nothing, now).unwrap();
    let newer = FreshKey::new(Mode::Test, &[9; 32]);
    let rotated = both.rotate(newer.term(SECRET, now), SignedDuration::ZERO, now).unwrap();
    assert_eq!(rotated.admits(&hash(&test), now), None);
    assert_eq!(rotated.admits(&hash(&newer), now), Some(Mode::Test));
    assert_eq!(rotated.admits(&hash(&live), now), Some(Mode::Live));
    assert_eq!(rotated.newest_mode(now), Mode::Test);
    let ended = rotated.end_key(rotated.keys[0].id());
    assert_eq!(ended.admits(&hash(&live), now), None);
    assert_eq!(ended.keys.len(), 1);
}

#[test]
fn a_request_for_a_key_that_is_repeated_leaves_one_key() {
    let now = at("2026-11-24T09:00:00Z");
    let (before, _) = reseller(now);
    let request = "00000000-0000-4000-8000-000000000001".parse().unwrap();
    let [lost, told] = [5, 6].map(|byte| FreshKey::new(Mode::Live, &[byte; 32]));
    let once = before.give_key(lost.term(SECRET, now), request, Ending::Nothing, now).unwrap();
    let soon = at("2026-11-24T09:09:59Z");
    let twice = once.give_key(told.term(SECRET, soon), request, Ending::Nothing, soon).unwrap();
    assert_eq!(twice.keys.len(), 2);
    assert_eq!(twice.admits(&hash(&lost), soon), None);
    assert!(twice.admits(&hash(&told), soon).is_some());
    let late = at("2026-11-24T09:20:00Z");
    let refused = twice.give_key(lost.term(SECRET, late), request, Ending::Nothing, late);
    assert_eq!(refused, Err(ResellerError::KeyToldBefore));
}

#[test]
fn who_is_suspended_sells_nothing_until_they_may_again() {
    let now = at("2026-11-24T09:00:00Z");
    let (reseller, key) = reseller(now);
    let off = reseller.set(Settings { enabled: false, ..reseller.settings() }, now);
    assert_eq!(off.admits(&hash(&key), now), None);
    assert!(off.key(&hash(&key), now).is_some());
    let later = at("2026-11-25T09:00:00Z");
    assert_eq!(off.set(off.settings(), later).suspended_at, Some(now));
    let on = off.set(Settings { enabled: true, ..off.settings() }, later);
    assert_eq!(on.admits(&hash(&key), later), Some(Mode::Live));
}

#[test]
fn settings_that_reach_nobody_or_nowhere_are_refused() {
    let now = at("2026-11-24T09:00:00Z");
    let good = reseller(now).0.settings();
    let named = Settings { name: "  Two   Words ".to_owned(), ..good.clone() }.check().unwrap();
    assert_eq!(named.name, "Two Words");
    let contact = FirmContact { email: "nobody".to_owned(), ..FirmContact::default() };
    let refused = Settings { contact, ..good.clone() }.check();
    assert_eq!(refused, Err(ResellerError::BadEmail));
    let nowhere = Settings { scope: Scope::Venues(BTreeSet::new()), ..good }.check();
    assert_eq!(nowhere, Err(ResellerError::NoVenue));
}

#[test]
fn who_changes_over_its_own_key_ends_no_other() {
    let now = at("2026-11-24T09:00:00Z");
    let (first, shop) = reseller(now);
    let [office, fresh] = [8, 9].map(|byte| FreshKey::new(Mode::Live, &[byte; 32]));
    let both = first.issue(office.term(SECRET, now), Ending::Nothing, now).unwrap();
    let request = "00000000-0000-4000-8000-000000000001".parse().unwrap();
    let shops = hash(&shop);
    let ending = Ending::Own(&shops, SignedDuration::from_hours(1));
    let changed = both.give_key(fresh.term(SECRET, now), request, ending, now).unwrap();
    let later = at("2026-11-24T10:00:00Z");
    assert_eq!(changed.admits(&hash(&shop), later), None);
    assert!([&office, &fresh].iter().all(|key| changed.admits(&hash(key), later).is_some()));
}
