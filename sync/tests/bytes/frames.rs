//! Frames and keys, and any bytes at all.

use super::{kinds::every_kind, *};

fn seal() -> Seal {
    Seal {
        carrier: Carrier::Socket,
        from: Writer::Site,
        session: [6; 32],
        counter: 4,
        box_id: BoxId(1),
        generation: 2,
        epoch: Epoch(0),
    }
}

fn every_frame() -> Vec<Frame> {
    let tip = Tip {
        by: Writer::Hub,
        lane: Lane::Edits,
        epoch: Epoch(9),
        seq: 3,
        chain: [1; 8],
    };
    let (by, lane, epoch) = (Writer::Site, Lane::Money, Epoch(0xa1));
    let hello = Hello {
        protocol: (1, 1),
        schema: [(0, 1), (3, 2)].into(),
        box_id: BoxId(1),
        run: 2,
        echo: None,
        generation: 5,
        tips: vec![tip; 3],
        nonce: [2; 16],
        medium: [3; 8],
        wall: Some(Wall(1_790_000_000_123)),
    };
    let records = vec![Stored::Bytes(vec![1, 2, 3]), Stored::Blank([9; 32])];
    vec![
        Frame::Hello(hello),
        Frame::Chunk(Chunk {
            by,
            lane,
            epoch,
            from: 1,
            records,
            head: Some([7; 64]),
        }),
        Frame::Ack(Ack {
            by,
            lane,
            epoch,
            mark: 60,
            held: vec![(81, 10)],
        }),
        Frame::Ask(by, lane),
        Frame::Marks(Marks {
            by,
            lane,
            marks: vec![(epoch, 90)],
            more: true,
        }),
        Frame::Ping(1),
        Frame::Pong(u32::MAX),
        Frame::Goodbye(Reason::Busy, Some(30)),
        Frame::Goodbye(Reason::TakenOver, None),
        Frame::Seek(Seek {
            id: 1,
            whom: Whom::Phone("+254700000102".into()),
            volume: Volume::from_ml(5),
        }),
        Frame::Seek(Seek {
            id: 1,
            whom: Whom::Account(AccountId::new(5).unwrap()),
            volume: Volume::ZERO,
        }),
        Frame::Seek(Seek {
            id: 1,
            whom: Whom::Customer(CustomerId(u64::MAX)),
            volume: Volume::ZERO,
        }),
        Frame::Sought(1, Found::Refused),
        Frame::Say(Say {
            id: u64::MAX,
            phone: "+254700000102".into(),
            text: "Your balance is 20 l.".into(),
            until: Wall(1_790_000_000_123),
        }),
        Frame::Said(Said {
            id: 1,
            state: SaidState::Refused,
            reason: Some("budget".into()),
        }),
        Frame::Said(Said {
            id: 1,
            state: SaidState::Taken,
            reason: None,
        }),
    ]
}

#[test]
fn every_frame_comes_back_whole_and_never_in_part() {
    let keys = support::pair();
    for frame in every_frame() {
        let bytes = frame::encode(&frame, &keys, &seal()).unwrap();
        let read = |bytes: &[u8]| frame::decode(bytes)?.verify(bytes, &keys, &seal());
        assert_eq!(read(&bytes), Ok(frame.clone()));
        for cut in 0..bytes.len() {
            assert!(read(&bytes[..cut]).is_err(), "{frame:?} cut at {cut}");
        }
        let stream = [&bytes[..], &bytes[..3]].concat();
        assert_eq!(frame::split(&stream).unwrap().unwrap(), (&bytes[..], &bytes[..3]));
    }
}

#[test]
fn a_tag_holds_for_one_place_only() {
    let keys = support::pair();
    let frame = Frame::Ping(7);
    let bytes = frame::encode(&frame, &keys, &seal()).unwrap();
    let read = |seal: Seal| frame::decode(&bytes).unwrap().verify(&bytes, &keys, &seal);
    assert_eq!(read(seal()), Ok(frame));
    for other in [
        Seal {
            carrier: Carrier::File,
            ..seal()
        },
        Seal {
            from: Writer::Hub,
            ..seal()
        },
        Seal {
            session: [0; 32],
            ..seal()
        },
        Seal { counter: 5, ..seal() },
        Seal {
            box_id: BoxId(2),
            ..seal()
        },
        Seal {
            generation: 3,
            ..seal()
        },
    ] {
        assert_eq!(read(other), Err(FrameError::Tag), "{other:?}");
    }
    let stranger = PairKey::new(&SecretKey::new([8; 32]));
    assert_eq!(
        frame::decode(&bytes).unwrap().verify(&bytes, &stranger, &seal()),
        Err(FrameError::Tag)
    );
}

#[test]
fn a_bomb_ends_at_64_kb_and_a_long_frame_at_4() {
    let bomb = zstd::bulk::compress(&vec![0; 50_000_000], 19).unwrap();
    let mut bytes = ((2 + bomb.len() + 8) as u32).to_be_bytes().to_vec();
    bytes.extend([2, 1]);
    bytes.extend(&bomb);
    bytes.extend([0; 8]);
    assert!(bytes.len() < 4_096, "{}", bytes.len());
    assert_eq!(frame::decode(&bytes), Err(FrameError::Limit));
    assert_eq!(frame::decode(&[0; 5_000]), Err(FrameError::Limit));
    assert_eq!(frame::split(&u32::MAX.to_be_bytes()), Err(FrameError::Limit));
    let chunk = Chunk {
        by: Writer::Site,
        lane: Lane::Money,
        epoch: Epoch(1),
        from: 1,
        head: None,
        records: (0..200_u8)
            .map(|n| Stored::Blank([n; 32].map(|byte| byte.wrapping_mul(n))))
            .collect(),
    };
    let mut noisy = chunk.clone();
    for (n, record) in noisy.records.iter_mut().enumerate() {
        *record = Stored::Blank(Stored::Bytes(vec![n as u8]).hash());
    }
    assert_eq!(
        frame::encode(&Frame::Chunk(noisy), &support::pair(), &seal()),
        Err(FrameError::Limit)
    );
}

#[test]
fn a_text_to_be_said_has_limits() {
    let keys = support::pair();
    let read = |phone: usize, text: usize| {
        let say = Say {
            id: 1,
            phone: "1".repeat(phone),
            text: "x".repeat(text),
            until: Wall(0),
        };
        let bytes = frame::encode(&Frame::Say(say), &keys, &seal()).unwrap();
        frame::decode(&bytes).map(drop)
    };
    assert_eq!(read(20, 2_048), Ok(()));
    assert_eq!(read(21, 1), Err(FrameError::Limit));
    assert_eq!(read(20, 2_049), Err(FrameError::Limit));
    let said = Said {
        id: 1,
        state: SaidState::Failed,
        reason: Some("x".repeat(257)),
    };
    let bytes = frame::encode(&Frame::Said(said), &keys, &seal()).unwrap();
    assert_eq!(frame::decode(&bytes).map(drop), Err(FrameError::Limit));
}

#[test]
fn a_pin_sealed_to_the_hub_opens_there_alone() {
    let hub = SecretKey::new([4; 32]);
    let sealed = seal_to_hub([5; 32], &sealing_public(&hub), b"4071").unwrap();
    assert_eq!(sealed.len(), 4 + kisima_sync::seal::SEAL_OVERHEAD_BYTES);
    assert_eq!(open_sealed(&hub, &sealed).unwrap(), b"4071");
    assert!(open_sealed(&SecretKey::new([6; 32]), &sealed).is_err());
    for at in 0..sealed.len() {
        let mut spoiled = sealed.clone();
        spoiled[at] ^= 1;
        assert!(open_sealed(&hub, &spoiled).is_err(), "byte {at}");
        assert!(open_sealed(&hub, &sealed[..at]).is_err());
    }
    assert!(seal_to_hub([5; 32], &[0; 32], b"4071").is_err(), "a weak key");
}

#[test]
fn keys_are_apart_by_use_and_show_nothing() {
    let master = SecretKey::new([1; 32]);
    let site: SiteName = "kibera-3".parse().unwrap();
    let key = SiteKey::derive(&master, &site, BoxId(1));
    let all = [
        key.pin_key(),
        key.receipt_key(),
        key.token_key(),
        SiteKey::derive(&master, &site, BoxId(2)).pin_key(),
    ];
    for (at, key) in all.iter().enumerate() {
        assert!(all[..at].iter().all(|other| other != key));
    }
    assert_eq!(SiteKey::from_secret(key.secret().clone()).pin_key(), key.pin_key());
    let identity = Identity::from_seed(&master);
    let shown = format!("{master:?} {key:?} {identity:?} {:?}", support::pair());
    assert!(!shown.chars().any(|c| c.is_ascii_digit()), "{shown}");
    let signature = identity.sign(b"head");
    assert!(verify(&identity.public(), b"head", &signature));
    assert!(!verify(&identity.public(), b"heat", &signature));
}

proptest! {
    #[test]
    fn no_bytes_panic_and_what_is_read_writes_itself_back(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for lane in Lane::ALL {
            for by in [Writer::Site, Writer::Hub] {
                if let Ok(record) = Record::decode(by, lane, &bytes) {
                    prop_assert_eq!(record.encode(by, lane).unwrap(), bytes.clone());
                }
            }
        }
        prop_assert!(frame::decode(&bytes).is_err() || bytes.len() >= frame::HEADER_BYTES + 8);
        prop_assert!(frame::split(&bytes).is_err() || bytes.len() < 4 || bytes[..2] == [0, 0]);
    }

    #[test]
    fn a_record_with_a_byte_changed_is_another_record_or_none(at in any::<prop::sample::Index>(), to in any::<u8>(), which in any::<prop::sample::Index>()) {
        let all = every_kind();
        let (by, lane, record) = which.get(&all);
        let mut bytes = record.encode(*by, *lane).unwrap();
        let at = at.index(bytes.len());
        let same = bytes[at] == to;
        bytes[at] = to;
        match Record::decode(*by, *lane, &bytes) {
            Ok(read) => {
                prop_assert_eq!(&read == record, same);
                prop_assert_eq!(read.encode(*by, *lane).unwrap(), bytes);
            }
            Err(_) => prop_assert!(!same),
        }
    }

    #[test]
    fn a_body_of_any_bytes_under_a_right_frame_never_panics(kind in 0_u8..16, flags in 0_u8..3, body in prop::collection::vec(any::<u8>(), 0..120)) {
        let mut bytes = ((2 + body.len() + 8) as u32).to_be_bytes().to_vec();
        bytes.extend([kind, flags]);
        bytes.extend(body);
        bytes.extend([0; 8]);
        if let Ok(unverified) = frame::decode(&bytes) {
            prop_assert_eq!(unverified.verify(&bytes, &support::pair(), &seal()), Err(FrameError::Tag));
        }
    }

    #[test]
    fn poured_facts_come_back(epoch in any::<u64>(), number in any::<u64>(), ml in 0_u64..1_000_000_000_001, parts in 0_usize..20, seconds in 0_i64..253_402_300_800) {
        let grant = GrantId { epoch: Epoch(number), number: epoch };
        let record = Record::Fact(Fact::Poured(Poured {
            hold: Some(HoldId { epoch: Epoch(epoch), number }), parts: vec![(grant, Volume::from_ml(ml)); parts],
            over: Volume::from_ml(ml), how: How::Report, outcome: Some(Outcome::Fault), dispenser: "t".parse().unwrap(),
            time: Wall::from_seconds(seconds), clock_trusted: seconds % 2 == 0,
        }));
        let bytes = record.encode(Writer::Site, Lane::Money).unwrap();
        prop_assert_eq!(Record::decode(Writer::Site, Lane::Money, &bytes).unwrap(), record);
    }
}
