"""What the pipeline needs from outside, as Protocols, and the values that pass through them.

`app/` implements them and hands them in; nothing in `streams/` names an implementation. Every port has one contract
suite in `tests/contract/`, run against each implementation.
"""

from streams.ports.agreements import Agreements, KeptAgreement
from streams.ports.checks import CheckNumber, CheckResult, Checks
from streams.ports.clock import Clock
from streams.ports.customers import PosCustomers, ProfileDraft, SeenAddress, SeenProfile
from streams.ports.cutovers import Cutover, Cutovers, Way
from streams.ports.effects import (
    AppliedRevisions,
    EffectDone,
    EffectKey,
    EffectState,
    Ledger,
    LedgerRow,
    Links,
    Revision,
)
from streams.ports.failpoints import NOWHERE, Failpoint, Failpoints
from streams.ports.fencing import Fenced
from streams.ports.fulfilment import ParcelDraft, PosShipments, SeenParcel
from streams.ports.gift_cards import GiftCardNumber, HoldDraft, PosGiftCards, SeenCredit, SeenGiftCard, SeenHold
from streams.ports.guards import (
    GuardHold,
    GuardKind,
    Guards,
    ListedChange,
    OversellWindow,
    Proposed,
    Standing,
    Verdict,
    WrittenStock,
)
from streams.ports.held import Held, HeldKey, HeldRecord, Hold, HoldReason, Place
from streams.ports.journal import Journal, JournalEntry, Outcome
from streams.ports.kafka import Outgoing, Partition, Publisher, Record
from streams.ports.orders import PosOrders
from streams.ports.oversells import Oversell, Oversells, OversoldSku, WayOut
from streams.ports.payments import PaymentDraft, PosPayments, SeenPayment
from streams.ports.products import PosProducts, SeenProduct
from streams.ports.pulse import Pulse
from streams.ports.receiver import EventReceiver
from streams.ports.refunds import PosRefunds, RefundDraft, SeenRefund
from streams.ports.reports import DaySum, PosReports
from streams.ports.stops import FlowStop, Stops
from streams.ports.systems import (
    EntityReader,
    OrderDraft,
    OrderNotes,
    Sales,
    SeenOrder,
    SourceItem,
    StockLevels,
    WebStock,
)
from streams.ports.web_customers import AccountAddress, AccountDraft, SeenAccount, WebCustomers
from streams.ports.web_fulfilment import WebShipment, WebShipmentDraft, WebShipments, WebTrack
from streams.ports.web_gift_cards import WebGiftCardNumbers, WebGiftCards
from streams.ports.web_invoices import InvoiceDraft, SeenInvoice, WebInvoices
from streams.ports.web_orders import WebOrder, WebOrderLine, WebOrders
from streams.ports.web_payments import FailedPaymentNotes
from streams.ports.web_pictures import PictureDraft, PictureSource, WebPictures
from streams.ports.web_prices import BasePrice, PriceProblem, SpecialPrice, WebPrices, WebTierPrice
from streams.ports.web_products import WebCatalogue, WebProduct, WebProducts
from streams.ports.web_refunds import CreditMemoDraft, SeenCreditMemo, WebRefunds
from streams.ports.web_tickets import SeenTicket, TicketDraft, WebTickets
from streams.ports.web_variants import Family, OptionDraft, WebVariants
from streams.ports.writes import Claim, Intent, LastApplied, OpenWrite, OpenWrites

__all__ = [
    "NOWHERE",
    "AccountAddress",
    "AccountDraft",
    "Agreements",
    "AppliedRevisions",
    "BasePrice",
    "CheckNumber",
    "CheckResult",
    "Checks",
    "Claim",
    "Clock",
    "CreditMemoDraft",
    "Cutover",
    "Cutovers",
    "DaySum",
    "EffectDone",
    "EffectKey",
    "EffectState",
    "EntityReader",
    "EventReceiver",
    "FailedPaymentNotes",
    "Failpoint",
    "Failpoints",
    "Family",
    "Fenced",
    "FlowStop",
    "GiftCardNumber",
    "GuardHold",
    "GuardKind",
    "Guards",
    "Held",
    "HeldKey",
    "HeldRecord",
    "Hold",
    "HoldDraft",
    "HoldReason",
    "Intent",
    "InvoiceDraft",
    "Journal",
    "JournalEntry",
    "KeptAgreement",
    "LastApplied",
    "Ledger",
    "LedgerRow",
    "Links",
    "ListedChange",
    "OpenWrite",
    "OpenWrites",
    "OptionDraft",
    "OrderDraft",
    "OrderNotes",
    "Outcome",
    "Outgoing",
    "Oversell",
    "OversellWindow",
    "Oversells",
    "OversoldSku",
    "ParcelDraft",
    "Partition",
    "PaymentDraft",
    "PictureDraft",
    "PictureSource",
    "Place",
    "PosCustomers",
    "PosGiftCards",
    "PosOrders",
    "PosPayments",
    "PosProducts",
    "PosRefunds",
    "PosReports",
    "PosShipments",
    "PriceProblem",
    "ProfileDraft",
    "Proposed",
    "Publisher",
    "Pulse",
    "Record",
    "RefundDraft",
    "Revision",
    "Sales",
    "SeenAccount",
    "SeenAddress",
    "SeenCredit",
    "SeenCreditMemo",
    "SeenGiftCard",
    "SeenHold",
    "SeenInvoice",
    "SeenOrder",
    "SeenParcel",
    "SeenPayment",
    "SeenProduct",
    "SeenProfile",
    "SeenRefund",
    "SeenTicket",
    "SourceItem",
    "SpecialPrice",
    "Standing",
    "StockLevels",
    "Stops",
    "TicketDraft",
    "Verdict",
    "Way",
    "WayOut",
    "WebCatalogue",
    "WebCustomers",
    "WebGiftCardNumbers",
    "WebGiftCards",
    "WebInvoices",
    "WebOrder",
    "WebOrderLine",
    "WebOrders",
    "WebPictures",
    "WebPrices",
    "WebProduct",
    "WebProducts",
    "WebRefunds",
    "WebShipment",
    "WebShipmentDraft",
    "WebShipments",
    "WebStock",
    "WebTickets",
    "WebTierPrice",
    "WebTrack",
    "WebVariants",
    "WrittenStock",
]
