"""Hiring: a shop with all its people, for the demo and whoever else lets one trade."""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import aiohttp

from app.demo import programs
from app.demo.accounts import Accounts
from app.demo.back_office import BackOffice
from app.demo.clerks import Clerks
from app.demo.customers import Customers, goods_of
from app.demo.deeds import DeedsFile
from app.demo.lives import Lives
from app.demo.members import Members
from app.demo.options import DemoOptions
from app.demo.rest import Rest
from app.demo.shop import People, SendEvent, Shop
from app.demo.till import Till
from app.demo.web_store import WebStore
from app.demo.web_team import WebTeam
from app.sandbox.catalogue import catalogue


@dataclass(frozen=True, slots=True)
class Premises:
    """Where the shop's people work.

    Attributes:
        magento, heartland: addresses of the sandboxes.
        credentials: by system.
        send_event: to the door, signed.
    """

    session: aiohttp.ClientSession
    magento: str
    heartland: str
    credentials: Mapping[str, Mapping[str, str]]
    send_event: SendEvent

    def till(self) -> Till:
        """A till of the point of sale."""
        client = {name: self.credentials["heartland"][name] for name in ("client_id", "client_secret")}
        return Till(Rest(self.session, self.heartland), client)


def open_shop(
    premises: Premises,
    options: DemoOptions,
    deeds: DeedsFile,
    *,
    seed: int,
    without: Collection[str] = (),
    refunds: bool = True,
) -> Shop:
    """A shop that is ready to trade, in all goods but those ``without``."""
    guest = Rest(premises.session, premises.magento)
    office = guest.with_headers({"Authorization": f"Bearer {premises.credentials['magento']['bearer_token']}"})
    products = [each for each in catalogue(options.seed, options.skus) if each.sku not in without]
    goods, web, lives, chance = goods_of(products), WebStore(guest, office), Lives(), random.Random(seed)
    shelves = [item for item in goods if item.kind == "simple"]
    pickup = programs.SOURCES[programs.WEB_PACKS]
    members = Members(Accounts(guest, office), premises.till(), deeds, chance)
    people = People(
        members=members,
        customers=Customers(
            web, members, deeds, lives, chance, goods=[item.cart_item for item in shelves], pickup=pickup
        ),
        clerks=Clerks(
            premises.till(),
            deeds,
            lives,
            chance,
            shelves=shelves,
            locations=tuple(programs.SOURCES),
            packs=[place for place in programs.SOURCES if place != programs.WEB_PACKS],
            prefix=programs.PREFIX,
            names={each.sku: each.name for each in products},
            virtual=frozenset(item.sku for item in goods if item.kind == "virtual"),
        ),
        team=WebTeam(BackOffice(office), deeds, lives, chance, source=pickup),
    )
    return Shop(
        web,
        people,
        deeds,
        lives,
        goods,
        chance,
        source=programs.SOURCE,
        send_event=premises.send_event,
        refunds=refunds,
    )
