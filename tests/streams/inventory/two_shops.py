"""A point of sale and a Magento that sell one SKU from one shelf, as a model; the stages between are the real ones.

What the model knows of the trade it knows by itself: which pieces are on the shelf, who has bought them, and what each
system does to its own figures. Whatever happens is told late, in any order, several at once, or twice.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from itertools import count
from typing import Literal

from schemas.canonical import LocationLevel, StockHint, WebUnits
from schemas.envelope import Envelope
from streams.channels import Channels
from streams.engine import load
from streams.inventory.formula import item_quantities, source_quantities
from streams.inventory.handler import InventoryHandler
from streams.runtime.work import Arrival, Work
from tests.streams.deliver.bench import CHANNEL, Bench
from tests.streams.inventory.bench import Table
from tests.twins.clock import START
from tests.twins.kafka import envelope, record

SKU = "A"
FLOW = load().flows["stock"]
Mode = Literal["msi", "legacy"]


@dataclass
class WebOrder:
    """Pieces of one web order.

    Attributes:
        shipped, canceled, refunded: in Magento; what is refunded without having been shipped is not shipped any more.
        moved_at: second in which Magento says that the order changed last. A shipment need not move it.
        imported: whether the point of sale has it.
        committed, taken: what the point of sale holds for it, and has taken off its on hand.
        back: pieces that were brought back to the store.
    """

    ref: str
    ordered: int
    moved_at: int
    shipped: int = 0
    canceled: int = 0
    refunded: int = 0
    imported: bool = False
    committed: int = 0
    taken: int = 0
    back: int = 0

    @property
    def unshipped(self) -> int:
        return max(0, self.ordered - max(self.shipped, self.refunded) - self.canceled)

    @property
    def spoken_for(self) -> int:
        """Pieces on the shelf that nobody else may have: this customer's that have not left, and what the point of sale
        holds beyond them until it lets go. What it has taken off lies on the packing table."""
        packed = min(self.taken, max(0, self.unshipped - self.committed))
        return max(self.committed, self.unshipped - packed)


@dataclass
class TwoShops:
    """Both shops. Each act happens if it can.

    Attributes:
        mode: whether Magento reserves what it sells until it is shipped, or takes it off at once.
        on_hand: pieces on the shelf, as the point of sale counts them.
        special: pieces that it holds for customers in store.
        pending: what has happened and is not told yet.
    """

    mode: Mode
    on_hand: int = 10
    special: int = 0
    orders: list[WebOrder] = field(default_factory=list)
    pending: list[StockHint] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.bench = Bench("web")
        self._receipts, self._moments, self._seconds = count(), count(1), 0
        formula = {"msi": source_quantities, "legacy": item_quantities}[self.mode]
        self._inventory = InventoryHandler(
            Table(),
            {"pos": self},
            self.bench.publisher,
            self.bench.store.oversells,
            self.bench.clock,
            channels=Channels([CHANNEL]),
            flow=FLOW,
            formulas={"web": formula},
        )

    async def open(self) -> None:
        """The first stock goes online, in a shop that is large enough for the guard of last pieces."""
        others = {f"OTHER-{number}": {"main": Decimal(1)} for number in range(400)}
        await self.bench.store.written_stock.keep("web", others)
        self._counted()
        await self.all_told()

    # -- the truth -------------------------------------------------------------------------------------------------

    @property
    def sellable(self) -> int:
        """Pieces on the shelf that nobody has bought."""
        return self.on_hand - self.special - sum(order.spoken_for for order in self.orders)

    @property
    def held(self) -> int:
        """What Magento's source, or its stock item, holds."""
        return int(self.bench.sources.items.get((SKU, "main"), Decimal(0)))

    @property
    def reserved(self) -> int:
        """What Magento has sold and not shipped: its reservations, where it has them."""
        return sum(order.unshipped for order in self.orders)

    @property
    def offered(self) -> int:
        """What the web could sell now."""
        return self.held - self.reserved if self.mode == "msi" else self.held

    # -- what happens ----------------------------------------------------------------------------------------------

    def act(self, name: str, which: int, pieces: int) -> None:
        """Let something happen to one of the orders, if it can."""
        acts: dict[str, Callable[[int], None]] = {
            "place": self._place,
            "special order": self._order_specially,
            "sell in store": self._sell,
            "deliver to the store": self._receive,
            "count": self._count,
        }
        if name in acts:
            acts[name](pieces)
        elif self.orders:
            order = self.orders[which % len(self.orders)]
            of_order: dict[str, Callable[[WebOrder, int], None]] = {
                "import": self._import,
                "invoice": self._invoice,
                "ship": self._ship,
                "cancel": self._cancel,
                "refund what is left": self._refund_unshipped,
                "refund and put back": self._refund_shipped,
                "fulfil": self._fulfil,
                "let go": self._let_go,
                "return": self._return,
            }
            of_order[name](order, pieces)

    def _place(self, pieces: int) -> None:
        if pieces > self.offered:
            return
        order = WebOrder(f"web:order:{len(self.orders)}", pieces, self._seconds)
        self.orders.append(order)
        if self.mode == "legacy":
            self._magento_moves(-pieces)
        self._tell_web(order)

    def _invoice(self, order: WebOrder, _pieces: int) -> None:
        self._tell_web(order, moves=True)

    def _ship(self, order: WebOrder, pieces: int) -> None:
        pieces = min(pieces, order.unshipped)
        if not pieces or (self.mode == "msi" and self.held < pieces):
            return
        order.shipped += pieces
        if self.mode == "msi":
            self._magento_moves(-pieces)
        if not order.imported:  # nobody else counts it off
            self.on_hand -= pieces
            self._counted()
        self._tell_web(order)

    def _cancel(self, order: WebOrder, _pieces: int) -> None:
        pieces = order.unshipped
        order.canceled += pieces
        if self.mode == "legacy":
            self._magento_moves(pieces)
        self._tell_web(order, moves=True)

    def _refund_unshipped(self, order: WebOrder, _pieces: int) -> None:
        """Money back for what has not left: it stays on the shelf."""
        pieces = order.unshipped
        order.refunded = max(order.refunded, order.shipped) + pieces
        if self.mode == "legacy":
            self._magento_moves(pieces)
        self._tell_web(order, moves=True)

    def _refund_shipped(self, order: WebOrder, pieces: int) -> None:
        """A person ticks "return to stock" for pieces that have left and that nobody has brought to the store."""
        pieces = min(pieces, order.shipped - order.refunded)
        if pieces > 0 and not order.unshipped:
            order.refunded += pieces
            self._magento_moves(pieces)
            self._tell_web(order, moves=True)

    def _import(self, order: WebOrder, _pieces: int) -> None:
        if not order.imported and order.unshipped:
            order.imported, order.committed = True, order.ordered - order.canceled
            self._tell_pos(order)

    def _fulfil(self, order: WebOrder, _pieces: int) -> None:
        self.on_hand -= order.committed
        order.taken, order.committed = order.taken + order.committed, 0
        self._tell_pos(order)

    def _let_go(self, order: WebOrder, _pieces: int) -> None:
        order.committed = 0
        self._tell_pos(order)

    def _return(self, order: WebOrder, pieces: int) -> None:
        pieces = min(pieces, order.taken - order.back, order.shipped)
        if pieces > 0 and not order.unshipped:
            order.back += pieces
            self.on_hand += pieces
            self._tell_pos(order)

    def _order_specially(self, pieces: int) -> None:
        self.special += pieces
        self._counted()

    def _sell(self, pieces: int) -> None:
        self.on_hand -= pieces
        self._counted()

    def _receive(self, pieces: int) -> None:
        self.on_hand += pieces
        self._counted()

    def _count(self, pieces: int) -> None:
        self.on_hand = 3 * pieces
        self._counted()

    def a_second_passes(self) -> None:
        """Magento tells whole seconds, and much may happen in one."""
        self._seconds += 1

    def _magento_moves(self, pieces: int) -> None:
        self.bench.sources.items[SKU, "main"] = Decimal(self.held + pieces)

    # -- how it is told --------------------------------------------------------------------------------------------

    def _tell_web(self, order: WebOrder, *, moves: bool = False) -> None:
        if moves:
            order.moved_at = self._seconds
        self._tell(
            WebUnits(
                order=order.ref,
                location="MAIN",
                side="web",
                at=START + timedelta(seconds=order.moved_at),
                unshipped=Decimal(order.unshipped),
                shipped=Decimal(order.shipped),
                canceled=Decimal(order.canceled),
                refunded=Decimal(order.refunded),
            )
        )

    def _tell_pos(self, order: WebOrder) -> None:
        if order.imported:
            self._tell(
                WebUnits(
                    order=order.ref,
                    location="MAIN",
                    side="pos",
                    at=START + timedelta(milliseconds=next(self._moments)),
                    committed=Decimal(order.committed),
                    taken=Decimal(order.taken),
                )
            )
        self._counted()

    def _tell(self, units: WebUnits) -> None:
        self.pending.append(StockHint(sku=SKU, cause="sale", units=units))

    def _counted(self) -> None:
        self.pending.append(StockHint(sku=SKU, cause="webhook"))

    async def some_told(self, first: int, number: int, *, again: bool = False) -> None:
        """Some of what has happened is told in one go; once more later, if ``again``."""
        first %= max(1, len(self.pending))
        hints = self.pending[first : first + number]
        if not again:
            del self.pending[first : first + number]
        await self._carry(hints)

    async def all_told(self) -> None:
        """Everything that has happened is told, in one go and the newest first."""
        hints, self.pending = self.pending[::-1], []
        await self._carry(hints)

    async def _carry(self, hints: Sequence[StockHint]) -> None:
        """Through the inventory stage and the delivery of stock."""
        if not hints:
            return
        self.bench.clock.move(0.001)
        await self._inventory.handle(Work("inventory", [self._arrival(hint) for hint in hints]))
        for out in self.bench.publisher.on("canonical.stock"):
            ours = Envelope.from_headers(out.headers)
            stock = replace(record(out.value, ours, key=f"pos:{SKU}"), headers=tuple(out.headers))
            await self.bench.handler.handle(Work("deliver", [Arrival(stock, ours)]))
        self.bench.publisher.records.clear()

    def _arrival(self, hint: StockHint) -> Arrival:
        headers = envelope(f"r{next(self._receipts)}", entity="stock_hint")
        return Arrival(record(hint.model_dump_json().encode(), headers, key=f"pos:{SKU}"), headers)

    async def levels(self, skus: Collection[str]) -> Mapping[str, Sequence[LocationLevel]]:
        """The point of sale's stock. Implements `streams.ports.StockLevels`."""
        committed = self.special + sum(order.committed for order in self.orders)
        level = LocationLevel(location="MAIN", on_hand=Decimal(self.on_hand), committed=Decimal(committed))
        return {sku: [level] for sku in skus}
