//! `kisima-dispenser`: a simulated dispenser for people and tests (CONTRACTS section 1). Not packaged for sites.
//!
//! Exit codes: 0 answered (a denial is an answer), 1 no answer, 64 usage.

mod link;
mod options;
mod tell;

use std::{process::ExitCode, time::Duration};

use anyhow::{Context as _, bail};
use clap::Parser as _;
use rumqttc::QoS;
use world::dispenser::{Input, Output};

use link::Link;
use options::{Command, Options};
use tell::Tell;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let options = match Options::try_parse() {
        Ok(options) => options,
        Err(error) => {
            // Asking for help is no misuse; a failure to print can be told nowhere.
            error.print().ok();
            return if error.use_stderr() {
                ExitCode::from(64)
            } else {
                ExitCode::SUCCESS
            };
        }
    };
    match run(options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("kisima-dispenser: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: Options) -> anyhow::Result<()> {
    match options.command {
        Command::Ask { box_, ask } => {
            let mut link = Link::connect(&box_).await?;
            link.apply(Input::Ask(ask.to_ask()?))?;
            answer(&mut link, &Tell::new(box_.json)).await.map(|_| ())
        }
        Command::Pour { box_, ask, pour } => {
            let tell = Tell::new(box_.json);
            let mut link = Link::connect(&box_).await?;
            link.apply(Input::Ask(ask.to_ask()?))?;
            if let Some(approved_ml) = answer(&mut link, &tell).await? {
                let volume_ml = pour.pour_ml.unwrap_or(approved_ml);
                link.wait(Duration::from_millis(pour.duration_ms)).await?;
                link.apply(Input::Ended {
                    volume_ml,
                    duration_ms: pour.duration_ms,
                    outcome: pour.outcome,
                })?;
                receipt(&mut link, &tell).await?;
            }
            Ok(())
        }
        Command::Heartbeat { box_, count, every_ms } => heartbeats(&box_, count, every_ms).await,
        Command::Flood {
            box_,
            per_second,
            seconds,
            payload_bytes,
        } => flood(&box_, per_second, seconds, payload_bytes).await,
    }
}

/// Waits for the answer, tells it, and gives back what was approved.
async fn answer(link: &mut Link, tell: &Tell) -> anyhow::Result<Option<u64>> {
    loop {
        match link.next().await.context("no answer")? {
            Output::Answered(answer) => {
                tell.answer(&answer)?;
                return Ok(answer.approved.then_some(answer.volume_ml.unwrap_or(0)));
            }
            Output::Refused(refusal) => {
                tell.refusal(&refusal)?;
                return Ok(None);
            }
            _ => {}
        }
    }
}

async fn receipt(link: &mut Link, tell: &Tell) -> anyhow::Result<()> {
    loop {
        if let Output::Receipted(receipt) = link.next().await.context("no receipt")? {
            return tell.receipt(&receipt);
        }
    }
}

/// Sends heartbeats; each counts once the broker has acknowledged it.
async fn heartbeats(box_: &options::Box_, count: u64, every_ms: u64) -> anyhow::Result<()> {
    let tell = Tell::new(box_.json);
    let mut link = Link::connect(box_).await?;
    for number in 1..=count {
        link.acknowledged_heartbeat().await.context("no acknowledgement")?;
        tell.line(
            &serde_json::json!({ "heartbeat": number }),
            &format!("heartbeat {number} acknowledged"),
        )?;
        if number < count {
            link.wait(Duration::from_millis(every_ms)).await?;
        }
    }
    Ok(())
}

/// Sends more than a dispenser may until it is cut off; not to be cut off is the failure.
async fn flood(box_: &options::Box_, per_second: u32, seconds: u32, payload_bytes: usize) -> anyhow::Result<()> {
    let tell = Tell::new(box_.json);
    let mut link = Link::connect(box_).await?;
    let topic = link.dispenser().topic("heartbeat");
    let payload = format!("{{\"padding\":\"{}\"}}", "x".repeat(payload_bytes.saturating_sub(14)));
    let client = link.client();
    let sender = tokio::spawn(async move {
        let mut pace = tokio::time::interval(Duration::from_secs(1) / per_second.max(1));
        let mut sent = 0_u64;
        while client
            .publish(&topic, QoS::AtLeastOnce, false, payload.clone())
            .await
            .is_ok()
        {
            sent += 1;
            pace.tick().await;
        }
        sent
    });
    let started = tokio::time::Instant::now();
    let cut = link.until_cut(Duration::from_secs(seconds.into())).await;
    let after_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    drop(link);
    let sent = sender.await.context("the sending task ended badly")?;
    let text = match &cut {
        Some(reason) => format!("cut off after {after_ms} ms and {sent} messages: {reason}"),
        None => format!("not cut off in {after_ms} ms and {sent} messages"),
    };
    tell.line(
        &serde_json::json!({ "cut": cut.is_some(), "after_ms": after_ms, "sent": sent }),
        &text,
    )?;
    if cut.is_none() {
        bail!("the gateway took a flood without cutting it off");
    }
    Ok(())
}
