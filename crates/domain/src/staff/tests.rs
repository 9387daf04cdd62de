use super::*;

fn subject(name: &str) -> Subject {
    name.parse().unwrap()
}

fn id(number: u8) -> CallerUuid {
    format!("6f1c2a34-9b1e-4c55-8a10-2f6f3f7d9a{number:02x}").parse().unwrap()
}

fn member(number: u8, name: &str, roles: &[Role]) -> Member {
    Member {
        id: id(number),
        subject: Some(subject(name)),
        address: Some(format!("{name}@museo.example").parse().unwrap()),
        roles: roles.iter().copied().collect(),
        added_by: subject("operator"),
    }
}

fn invited(number: u8, name: &str, roles: &[Role]) -> Member {
    Member { subject: None, ..member(number, name, roles) }
}

fn by(name: &str, role: Role) -> Granter {
    Granter { subject: subject(name), role }
}

fn wanted(member: &Member, roles: &[Role]) -> Wanted {
    let Member { id, subject, address, .. } = member.clone();
    Wanted { id, subject, address, roles: roles.iter().copied().collect() }
}

#[test]
fn a_manager_appoints_a_clerk_and_takes_the_role_back() {
    let anna = member(1, "anna", &[Role::Manager]);
    let by = by("anna", Role::Manager);
    let clerk = invited(2, "carlo", &[Role::Desk]);
    let staff = [anna];
    let added = grant(&staff, &by, wanted(&clerk, &[Role::Desk])).unwrap();
    assert_eq!((added.subject.clone(), added.added_by.clone()), (None, subject("anna")));
    let staff = [staff[0].clone(), added];
    assert_eq!(take_back(&staff, &by, id(2)).unwrap(), Some(&staff[1]));
    assert_eq!(take_back(&staff, &by, id(9)), Ok(None), "who is gone is gone");
}

#[test]
fn nobody_gives_what_is_not_theirs_to_give() {
    let staff = [member(1, "anna", &[Role::Manager]), member(3, "dora", &[Role::DataOfficer])];
    let manager = by("anna", Role::Manager);
    let carlo = invited(2, "carlo", &[]);
    let asked = |by: &Granter, roles: &[Role]| grant(&staff, by, wanted(&carlo, roles)).err();
    let refused = |role| Some(StaffError::NotTheirs { granter: Role::Manager, role });
    assert_eq!(asked(&manager, &[Role::DataOfficer]), refused(Role::DataOfficer));
    assert_eq!(
        take_back(&staff, &manager, id(3)),
        Err(StaffError::NotTheirs { granter: Role::Manager, role: Role::DataOfficer }),
        "nor takes it back"
    );
    for (role, by) in [
        (Role::Operator, by("anna", Role::Manager)),
        (Role::Operator, by("olga", Role::Operator)),
        (Role::Admin, by("root", Role::Admin)),
    ] {
        assert_eq!(asked(&by, &[role]), Some(StaffError::OfPlatform { role }));
    }
    for granted in Role::ALL {
        for granter in [Role::Desk, Role::Gate, Role::Analyst, Role::DataOfficer] {
            assert!(!granter.grants(granted), "{granter:?} grants {granted:?}");
        }
    }
}

#[test]
fn nobody_lifts_themselves() {
    let staff = [member(1, "anna", &[Role::Manager]), member(2, "bea", &[Role::Manager])];
    let anna = by("anna", Role::Manager);
    assert_eq!(
        grant(&staff, &anna, wanted(&staff[0], &[Role::Manager, Role::Analyst])),
        Err(StaffError::Themselves { role: Role::Analyst })
    );
    let olga = member(3, "olga", &[Role::Manager]);
    assert_eq!(
        grant(&staff, &by("olga", Role::Operator), wanted(&olga, &[Role::Manager])),
        Err(StaffError::Themselves { role: Role::Manager }),
        "an operator neither"
    );
    let own_address = Member { added_by: subject("olga"), ..invited(3, "olga", &[Role::Manager]) };
    assert_eq!(signed_in(&[own_address], id(3), &subject("olga")), None, "nor by an address");
    let less = grant(&staff, &anna, wanted(&staff[0], &[Role::Manager]));
    assert!(less.is_ok(), "what they are already they stay");
}

#[test]
fn only_an_operator_leaves_a_venue_without_a_manager() {
    let staff = [member(1, "anna", &[Role::Manager]), invited(2, "bea", &[Role::Manager])];
    let anna = by("anna", Role::Manager);
    assert_eq!(take_back(&staff, &anna, id(1)), Err(StaffError::LastManager), "bea never came");
    assert_eq!(
        grant(&staff, &anna, wanted(&staff[0], &[Role::Gate])).err(),
        Some(StaffError::Themselves { role: Role::Gate })
    );
    let bea = Member { subject: Some(subject("bea")), ..staff[1].clone() };
    let both = [staff[0].clone(), bea];
    assert!(take_back(&both, &anna, id(1)).is_ok(), "with another one there a manager may go");
    assert!(take_back(&staff, &by("olga", Role::Operator), id(1)).is_ok());
    assert!(take_back(&staff, &anna, id(2)).is_ok(), "an invitation is no manager");
    let demoted = |staff: &[Member]| {
        let drop = Member { roles: [Role::Manager, Role::Gate].into(), ..staff[0].clone() };
        let staff = [drop.clone(), staff[1].clone()];
        grant(&staff, &anna, wanted(&drop, &[Role::Gate])).err()
    };
    assert_eq!(demoted(&staff), Some(StaffError::LastManager), "nor by a change of roles");
    assert_eq!(demoted(&both), None);
}

#[test]
fn a_person_is_one_member_and_a_member_one_person() {
    let staff = [member(1, "anna", &[Role::Manager]), invited(2, "carlo", &[Role::Desk])];
    let anna = by("anna", Role::Manager);
    let again = Member { id: id(3), ..staff[1].clone() };
    assert_eq!(
        grant(&staff, &anna, wanted(&again, &[Role::Gate])),
        Err(StaffError::MemberAlready { id: id(2) })
    );
    let other = Member { id: id(2), ..invited(9, "dora", &[]) };
    assert_eq!(
        grant(&staff, &anna, wanted(&other, &[Role::Gate])),
        Err(StaffError::OtherPerson { id: id(2) })
    );
    let nobody = Wanted { id: id(4), subject: None, address: None, roles: [Role::Gate].into() };
    assert_eq!(grant(&staff, &anna, nobody), Err(StaffError::Nobody));
    assert_eq!(grant(&staff, &anna, wanted(&staff[1], &[])), Err(StaffError::NoRole));
    let crowd: Vec<_> =
        (0_u8..).take(MEMBERS_MAX).map(|n| member(n, &format!("m{n}"), &[Role::Gate])).collect();
    let late = Member { id: "00000000-0000-4000-8000-000000000000".parse().unwrap(), ..again };
    assert_eq!(grant(&crowd, &anna, wanted(&late, &[Role::Desk])), Err(StaffError::TooMany));
}

#[test]
fn who_proves_the_address_becomes_the_member_once() {
    let staff = [member(1, "anna", &[Role::Manager]), invited(2, "carlo", &[Role::Desk])];
    let carlo = signed_in(&staff, id(2), &subject("sub-of-carlo")).unwrap();
    assert_eq!(
        (carlo.subject.clone(), carlo.roles.clone()),
        (Some(subject("sub-of-carlo")), [Role::Desk].into())
    );
    assert_eq!(signed_in(&staff, id(2), &subject("anna")), None, "a member already");
    assert_eq!(signed_in(&[carlo], id(2), &subject("someone")), None, "not twice");
}

#[test]
fn an_address_has_one_spelling_and_is_printed_nowhere() {
    let address: StaffAddress = " Carlo.Bo@Museo.Example ".parse().unwrap();
    assert_eq!(address.as_str(), "carlo.bo@museo.example");
    assert!(!format!("{address:?}").contains("carlo"));
    assert_eq!(
        address.key(b"one"),
        "CARLO.BO@museo.example".parse::<StaffAddress>().unwrap().key(b"one")
    );
    assert_ne!(address.key(b"one"), address.key(b"two"));
    assert!("carlo".parse::<StaffAddress>().is_err());
    assert!("a b".parse::<Subject>().is_err() && "".parse::<Subject>().is_err());
    assert_eq!("*".parse(), Ok(Reach::Platform));
    assert!(Reach::Platform.includes(&VenueId::new("20240").unwrap()));
}
