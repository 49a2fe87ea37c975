"""What a programme would otherwise build for its callers: FastAPI with uvicorn, and Redis for sessions and people.

It takes Africa's Talking's form, keeps each session in Redis for 180 s, looks the customer up at every step and answers
the same screens as the hub for registering, balance, usage, orders, language and whatever is typed wrongly. How durable a
step is when it is answered is Redis's own setting, appendfsync.

Left out, all in its favour: books (balance and usage are two fields of the customer), the proof that a session belongs to
its phone, sealed PINs and their count of wrong tries, limits of any kind, logs, and repeats of a step that change nothing.
"""

import argparse
import json
import os
import sys

import redis
from fastapi import FastAPI, Form, Response
from redis.asyncio import BlockingConnectionPool, Redis

SESSION_S = 180
PORT = int(os.environ["PEER_REDIS_PORT"])
# A free connection is waited for: a caller is never turned away because all of them are busy.
POOL = BlockingConnectionPool(host="127.0.0.1", port=PORT, decode_responses=True, max_connections=64, timeout=30)
STORE = Redis(connection_pool=POOL)

TEXTS = {
    "en": {
        "home": "Hello {name}\n1. Buy water\n2. My water\n3. Pay bill\n4. My orders\n5. Loans\n6. Help\n7. My account\n0. Exit",
        "mine": "MY WATER\n1. Balance\n2. Jerrycans left\n3. My monthly code\n4. Usage\n5. Move to another site\n0. Back",
        "balance": "Prepaid: {balance} l\nJerrycans: 0\nWallet: KES 0\n0. Back",
        "usage": "This week: {week} l\nLast week: 0 l\nThis month: {month} l\nLast month: 0 l\n0. Back",
        "orders": "You have no orders yet.\n0. Back",
        "account": "MY ACCOUNT\n1. Language\n2. Change PIN\n3. Forgotten PIN\n4. Unsubscribe\n0. Back",
        "language": "LANGUAGE\n1. English\n2. Kiswahili\n3. Francais\n0. Back",
        "done": "Done.\n0. Back",
        "name": "Enter your name\n(1: I had another number)",
        "city": "Enter your city",
        "pin": "Enter 4-digit PIN",
        "again": "Enter the PIN again",
        "review": "Name: {name}\nCity: {city}\n1. Right\n2. Change\n0. Exit",
        "made": "Account created! ID: {account}\n0. Back",
        "choice": "Invalid choice\n",
        "goodbye": "Thank you. Goodbye.",
        "sorry": "This did not work. Please dial again.",
    },
}
TEXTS["sw"] = {
    **TEXTS["en"],
    "home": "Karibu {name}\n1. Nunua maji\n2. Maji yangu\n3. Lipa ankara\n4. Oda zangu\n5. Mikopo\n6. Msaada\n7. Akaunti yangu\n0. Toka",
    "account": "AKAUNTI YANGU\n1. Lugha\n2. Badilisha PIN\n3. Nimesahau PIN\n4. Jiondoe\n0. Rudi",
    "language": "LUGHA\n1. English\n2. Kiswahili\n3. Francais\n0. Rudi",
    "done": "Imekamilika.\n0. Rudi",
    "choice": "Chaguo si sahihi\n",
    "goodbye": "Asante. Kwaheri.",
}
# From a screen, by what is typed, to the next one.
WAYS = {
    "home": {"0": "goodbye", "2": "mine", "4": "orders", "7": "account"},
    "mine": {"0": "home", "1": "balance", "4": "usage"},
    "balance": {"0": "mine"},
    "usage": {"0": "mine"},
    "orders": {"0": "home"},
    "account": {"0": "home", "1": "language"},
    "language": {"0": "account"},
    "done": {"0": "home"},
    "made": {"0": "home"},
}

app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)


def phone(number):
    return f"+2547{12_000_000 + number:08}"


async def walk(state, number, customer, text):
    """One step: the state is changed in place. Whether what was typed is none of what was shown."""
    screen, typed = state["screen"], text.rsplit("*", 1)[-1].strip()
    if screen == "name":
        state.update(screen="city", name=typed)
    elif screen == "city":
        state.update(screen="pin", city=typed)
    elif screen == "pin":
        state.update(screen="again", pin=typed)
    elif screen == "again":
        state["screen"] = "review" if typed == state.pop("pin") else "pin"
    elif screen == "review" and typed == "1":
        customer.update(name=state.pop("name"), city=state.pop("city"), lang="en", balance=0, week=0, month=0)
        customer["account"] = await STORE.incr("accounts")
        await STORE.hset(f"customer:{number}", mapping=customer)
        state["screen"] = "made"
    elif screen == "language" and typed in ("1", "2"):
        customer["lang"] = {"1": "en", "2": "sw"}[typed]
        await STORE.hset(f"customer:{number}", "lang", customer["lang"])
        state["screen"] = "done"
    elif typed in WAYS.get(screen, {}):
        state["screen"] = WAYS[screen][typed]
    else:
        return True
    return False


@app.post("/ussd/callback/{secret}")
async def callback(
    secret: str,
    sessionId: str = Form(),
    phoneNumber: str = Form(),
    serviceCode: str = Form(""),
    networkCode: str = Form(""),
    text: str = Form(""),
):
    key = f"ussd:{sessionId}"
    async with STORE.pipeline(transaction=False) as ask:
        kept, customer = await ask.get(key).hgetall(f"customer:{phoneNumber}").execute()
    words = TEXTS[customer.get("lang", "en")]
    wrong = False
    if kept is None:
        state = {"screen": "home" if customer else "name", "phone": phoneNumber}
    else:
        state = json.loads(kept)
        wrong = await walk(state, phoneNumber, customer, text)
        words = TEXTS[customer.get("lang", "en")]
    screen = words[state["screen"]].format(**{"name": "", "city": "", **customer, **state})
    if state["screen"] == "goodbye":
        await STORE.delete(key)
        return Response(f"END {screen}", media_type="text/plain")
    await STORE.set(key, json.dumps(state), ex=SESSION_S)
    return Response(f"CON {words['choice'] if wrong else ''}{screen}", media_type="text/plain")


@app.post("/ussd/events/{secret}")
async def ended(secret: str, sessionId: str = Form()):
    await STORE.delete(f"ussd:{sessionId}")
    return Response()


def main():
    options = argparse.ArgumentParser(description="Fills an empty Redis with customers.")
    options.add_argument("--customers", type=int, required=True)
    options = options.parse_args()
    people = redis.Redis(host="127.0.0.1", port=PORT).pipeline(transaction=False)
    for number in range(options.customers):
        fields = {"name": f"Customer {number}", "city": "Kisumu", "lang": "en", "balance": 0, "week": 0, "month": 0}
        people.hset(f"customer:{phone(number)}", mapping=fields)
    people.execute()
    print("ready", flush=True)


if __name__ == "__main__":
    sys.exit(main())
