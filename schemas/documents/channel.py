"""A channel: a store view of a Magento connection, and where its sales go."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"'{name}' is no time zone: write it like America/New_York") from error
    return name


Zone = Annotated[str, AfterValidator(_known_zone)]
"""A time zone by its IANA name."""


class Channel(BaseModel):
    """One store view, mapped to a Heartland account.

    An order of a store view without a channel goes to review; a channel whose base currency is not Heartland's is
    refused.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    name: str = ""
    """Filled from the key in the settings."""
    web: str
    """Connection that sells online (Magento)."""
    store_id: int = 1
    """Magento's store view id."""
    website_id: int = 1
    """Magento's website of that store view: an e-mail address has one account on each."""
    pos: str
    """Connection of the point of sale (Heartland)."""
    prefix: str = ""
    """Put before the order number to make Heartland's ExternalID; increment ids are unique only per store."""
    ticket_prefix: str = "POS-"
    """Put before the number of a sale in store to make its increment id, where the flow ``ticket`` shows it in Magento:
    no web order may have such a number."""
    location: str
    """Heartland location that the sales are booked to and shipped from."""
    ship_from: tuple[str, ...] = ()
    """Heartland locations that ship for it, the first choice first, where that is not ``location`` alone: orders go to
    the first, and where it has not enough, the others are offered in this order."""
    station: str = ""
    """Heartland station (till) that the sales are booked to, where an account's API asks for one: the shop's own
    mapping writes it from ``context('channel.station')``."""
    currency: str = Field(default="USD", pattern=r"^[A-Z]{3}$")
    """Base currency of the store and of the Heartland account."""
    time_zone: Zone = "UTC"
    """Time zone of the store view and its locations, like ``America/Chicago``: a sale's business date is the day on
    their clocks, and sale prices begin and end by them."""
    time_zones: dict[str, Zone] = Field(default_factory=dict)
    """Heartland location -> its own time zone, where it is not the channel's."""
    price_field: str = Field(default="Price", min_length=1)
    """Key of a Heartland product with the list price of this channel."""
    pos_tax_mode: Literal["excluded", "included"] = "excluded"
    """Whether Heartland's prices are with tax."""
    tax_mode: Literal["excluded", "included"] = "excluded"
    """Whether the prices of Magento's catalogue are with tax, as its tax settings say."""
    tax_rate: Decimal | None = Field(default=None, ge=0, lt=100)
    """Percent of tax with which prices are converted where only one side's are with tax; without it they are not."""
    sources: dict[str, str] = Field(default_factory=dict)
    """Heartland location -> Magento MSI source code."""
    buffers: dict[str, Annotated[Decimal, Field(ge=0)]] = Field(default_factory=dict)
    """Heartland location -> pieces that are kept for customers in store: not offered online, and not withheld from web
    orders that are still to ship. For a whole product, set Magento's out-of-stock threshold instead."""
    offline_methods: tuple[str, ...] = ("checkmo", "banktransfer", "cashondelivery", "free")
    """Payment methods whose orders are exported in state ``new`` already."""
    guests: Literal["shared", "profile"] = "shared"
    """What a guest gets whose e-mail no profile has: the shared profile, or one of its own. An account's customer gets
    its own as soon as the flow customer_to_pos is live."""
    guest_profile: str = "Web guest"
    """Id of the Heartland profile that guests share."""
    fulfilment: dict[str, Literal["heartland", "magento"]] = Field(default_factory=dict)
    """Where the goods of a Heartland location are packed: there, which is so without an entry, or in Magento (by
    ShipStation and the like), whose shipments are then recorded in Heartland."""
    capture: dict[str, Literal["fulfilment", "never"]] = Field(default_factory=dict)
    """When an order that is not paid yet is invoiced with capture, by payment method: when its goods leave, or never by
    Tillstream. Without an entry ``fulfilment``, but ``never`` for offline methods, which have nothing to capture."""

    def zone_of(self, location: str) -> ZoneInfo:
        """The time zone of a Heartland location."""
        return ZoneInfo(self.time_zones.get(location, self.time_zone))
