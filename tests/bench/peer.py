"""What a site would otherwise build: a Python service beside Mosquitto, SQLite with every decision on the disk.

It subscribes to kisima/v1/+/ask, checks the PIN by HMAC and the balance, writes one row per decision and answers on
kisima/v1/ID/answer once the row is committed. With --batch-ms several decisions share one commit, which is the best
this design can do; then too no answer leaves before its commit.

Left out, all in its favour: retries, daily limits, lock-outs, sync, and passwords at the broker.
"""

import argparse
import hashlib
import hmac
import json
import queue
import socket
import sqlite3
import sys
import threading
import time

import paho.mqtt.client as mqtt

SITE_KEY = b"a key that lies outside the database"
BALANCE_ML = 1_000_000_000_000


def phone(number):
    return f"07{number:08}"


def pin(number):
    return f"{1000 + number % 9000}"


def verifier(user, code):
    return hmac.new(SITE_KEY, f"{user}:{code}".encode(), hashlib.sha256).digest()[:16]


class Service:
    def __init__(self, path, customers):
        self.db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self.db.execute("PRAGMA journal_mode = WAL")
        self.db.execute("PRAGMA synchronous = FULL")
        self.db.execute(
            "CREATE TABLE customer (phone TEXT PRIMARY KEY, verifier BLOB NOT NULL, balance_ml INTEGER NOT NULL)"
            " WITHOUT ROWID"
        )
        self.db.execute(
            "CREATE TABLE decision (id INTEGER PRIMARY KEY, time REAL NOT NULL, dispenser TEXT NOT NULL,"
            " request TEXT NOT NULL, phone TEXT NOT NULL, volume_ml INTEGER NOT NULL, reason TEXT NOT NULL)"
        )
        self.db.execute("BEGIN")
        self.db.executemany(
            "INSERT INTO customer VALUES (?, ?, ?)",
            [(phone(n), verifier(phone(n), pin(n)), BALANCE_ML) for n in range(customers)],
        )
        self.db.execute("COMMIT")

    def decide(self, dispenser, ask):
        """One decision inside the open transaction."""
        user, volume_ml = ask["user"], ask["volume_ml"]
        row = self.db.execute("SELECT verifier, balance_ml FROM customer WHERE phone = ?", (user,)).fetchone()
        if row is None:
            reason, balance_ml = "unknown_customer", 0
        elif not hmac.compare_digest(row[0], verifier(user, ask["pin"])):
            reason, balance_ml = "wrong_pin", 0
        elif row[1] < volume_ml:
            reason, balance_ml = "insufficient_credit", row[1]
        else:
            reason, balance_ml = "verified", row[1] - volume_ml
            self.db.execute("UPDATE customer SET balance_ml = ? WHERE phone = ?", (balance_ml, user))
        self.db.execute(
            "INSERT INTO decision (time, dispenser, request, phone, volume_ml, reason) VALUES (?, ?, ?, ?, ?, ?)",
            (time.time(), dispenser, ask["request"], user, volume_ml, reason),
        )
        return {
            "request": ask["request"],
            "approved": reason == "verified",
            "reason": reason,
            "volume_ml": volume_ml,
            "balance_ml": balance_ml,
        }

    def decide_all(self, messages):
        """All of them in one commit; the answers are returned after it."""
        answers = []
        self.db.execute("BEGIN IMMEDIATE")
        for dispenser, ask in messages:
            answers.append((dispenser, self.decide(dispenser, ask)))
        self.db.execute("COMMIT")
        return answers


def answer(client, answers):
    for dispenser, body in answers:
        client.publish(f"kisima/v1/{dispenser}/answer", json.dumps(body), qos=1)


def batches(client, service, waiting, batch_s):
    while True:
        messages = [waiting.get()]
        end = time.monotonic() + batch_s
        while (left := end - time.monotonic()) > 0:
            try:
                messages.append(waiting.get(timeout=left))
            except queue.Empty:
                break
        answer(client, service.decide_all(messages))


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--port", type=int, required=True)
    options.add_argument("--db", required=True)
    options.add_argument("--customers", type=int, default=1000)
    options.add_argument("--batch-ms", type=float, default=0)
    options = options.parse_args()

    service = Service(options.db, options.customers)
    waiting = queue.SimpleQueue()
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="service")
    # Its own limits would hide the design's: 20 unacknowledged messages, and Nagle's delay.
    client.max_inflight_messages_set(65_535)
    client.on_socket_open = lambda _, __, sock: sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def on_message(_client, _data, message):
        ask = (message.topic.split("/")[2], json.loads(message.payload))
        if options.batch_ms:
            waiting.put(ask)
        else:
            answer(client, service.decide_all([ask]))

    def on_subscribe(*_arguments):
        print("ready", flush=True)

    client.on_message = on_message
    client.on_subscribe = on_subscribe
    client.on_connect = lambda *_arguments: client.subscribe("kisima/v1/+/ask", qos=1)
    if options.batch_ms:
        arguments = (client, service, waiting, options.batch_ms / 1000)
        threading.Thread(target=batches, args=arguments, daemon=True).start()
    client.connect("127.0.0.1", options.port)
    client.loop_forever()


if __name__ == "__main__":
    sys.exit(main())
