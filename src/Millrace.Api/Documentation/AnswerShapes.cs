using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;

namespace Millrace.Api.Documentation;

// The shapes of answers for the OpenAPI document. Rendering is by hand; a test reads what is rendered with these, strictly.

[Description("An order. Amounts are whole numbers in minor units of the currency.")]
internal sealed record OrderShape(
    string Id,
    string? ExternalId,
    [AllowedValues("pending", "confirmed", "completed", "rejected", "expired", "canceled")] string Status,
    [AllowedValues("not_paid", "authorized", "partially_captured", "captured", "partially_refunded", "refunded", "unknown")] string PaymentStatus,
    [AllowedValues("unfulfilled", "fulfilled", "delivered")] string FulfillmentStatus,
    [Description("One more with each event; the ETag.")] int Version,
    DateTimeOffset PlacedAt,
    DateTimeOffset UpdatedAt,
    [Description("ISO 4217.")] string Currency,
    long Total,
    long Shipping,
    CustomerShape Customer,
    AddressShape? ShipTo,
    LineShape[] Lines,
    PaymentShape Payment,
    HoldShape[] Holds,
    FulfillmentShape? Fulfillment,
    ClosingShape? Closing,
    AttentionShape? Attention,
    OptionsShape Options,
    Dictionary<string, string> Metadata,
    [Description("Where whoever has this link sees how far the order is; without a host.")] string TrackingUrl);

internal sealed record CustomerShape(string? Id, string? Name, string? Email);

internal sealed record AddressShape(
    string? Name, string? Line1, string? Line2, string? City, string? Region, string? PostalCode, string? Country);

internal sealed record LineShape(
    string Sku, int Quantity, long UnitPrice, AmountShape[] Discounts, AmountShape[] TaxLines, long Total,
    [Description("Of the lines that are reserved together: reserving, reserved, refused, allocated, releasing, released, deducting or deducted; null before it is asked for.")] string? Stock);

internal sealed record PaymentShape(
    string Psp, long Authorized, long Captured, long Refunded, bool Voided,
    [Description("The operation whose outcome is not known yet.")] string? Pending,
    [Description("How often that was tried and not answered, since it was asked for or a person let the order go on.")] int Attempts, [Description("When it is tried again; null the first time, and of an order that waits for a person.")] DateTimeOffset? NextAttemptAt, string? Reference, string? DeclineCode);

internal sealed record HoldShape(
    string Id, string Kind, string? Reason, string? Owner, DateTimeOffset PlacedAt, DateTimeOffset? ExpiresAt);

internal sealed record FulfillmentShape(string? Carrier, string? Tracking, DateTimeOffset? ShippedAt, DateTimeOffset? DeliveredAt);

[Description("How the order ends, or ended, without being completed.")]
internal sealed record ClosingShape(string Outcome, string Code, string? Detail);

[Description("Why the order waits for a person.")]
internal sealed record AttentionShape(string Code, string Detail, DateTimeOffset At);

internal sealed record OrderListShape(
    OrderShape[] Data, bool HasMore, string? NextCursor, [Description("When the database was as it is shown. What was done in the second or two before may be missing: checkpoints bring it. A Consistency-Token waits for what it names.")] DateTimeOffset AsOf);

internal sealed record AttentionListShape(AttentionGroupShape[] Data, DateTimeOffset AsOf);

[Description("Orders that wait for a person for one reason.")]
internal sealed record AttentionGroupShape(
    string Code, [Description("How many they are, counted to 100,000.")] int Orders, [Description("Whether they are more than were counted.")] bool HasMore,
    string OldestOrder, DateTimeOffset OldestPlacedAt, string NewestOrder, DateTimeOffset NewestPlacedAt);

internal sealed record BatchShape(BatchResultShape[] Data);

[Description("What one row would have been answered alone: an order, or a problem.")]
internal sealed record BatchResultShape(
    int Row, string? IdempotencyKey, int Status, bool Replayed, [Description("Of the order: a list that is asked for with it is not older than this answer.")] string? ConsistencyToken = null,
    OrderShape? Order = null, ProblemShape? Problem = null);

internal sealed record EventListShape(EventShape[] Data);

internal sealed record EventShape(int Version, [Description("Such as order.confirmed.v1.")] string Type, DateTimeOffset At, ActorShape Actor, Dictionary<string, JsonElement> Data);

[Description("An event of an order: CloudEvents 1.0.2.")]
internal sealed record CloudEventShape(
    [AllowedValues("1.0")] string Specversion, [Description("The same whenever the event is told.")] string Id, string Source,
    [Description("Such as order.confirmed.v1.")] string Type, [Description("The order's id.")] string Subject, DateTimeOffset Time, string Datacontenttype,
    [Description("The order's version with the event, from 1 and without a gap.")] string Sequence, string Partitionkey, EventShape Data,
    [Description("The trace that placed the order, while the node remembers it.")] string? Traceparent = null);

internal sealed record CloudEventListShape(CloudEventShape[] Data, bool HasMore, [Description("Goes on from here, also when nothing more is there yet.")] string NextCursor);

internal sealed record ActorShape([AllowedValues("system", "api_key", "operator", "psp")] string Kind, string? Name);

internal sealed record LedgerShape(string Currency, EntryShape[] Data, PostingShape[] Balances);

internal sealed record EntryShape(int Version, DateTimeOffset At, string Kind, string Reference, PostingShape[] Postings);

internal sealed record PostingShape(string Account, long Amount);

internal sealed record ItemShape(
    string Sku, string Name, long Price, string Currency, long BackorderLimit, long Available, long Version, StockShape[] Stock);

internal sealed record ItemListShape(
    ItemShape[] Data, bool HasMore, string? NextCursor, [Description("When the database was as it is shown. What was done in the second or two before may be missing.")] DateTimeOffset AsOf);

internal sealed record DemandShape(DemandedItemShape[] Data, [Description("What is told is of the orders taken from then on.")] DateTimeOffset Since, DateTimeOffset AsOf);

internal sealed record DemandedItemShape(
    string Sku, [Description("Order lines that ask for it, at least.")] long Lines, [Description("Units that they ask for, at least.")] long Units,
    [Description("Units at most; the same number unless the tenant's orders ask for more than 200 items.")] long UnitsAtMost);

internal sealed record StockShape(string Location, long OnHand, long Reserved, long Allocated, long Available);

internal sealed record AvailabilityShape(string Sku, long Available, bool InStock, bool Backorderable);

internal sealed record NodeListShape(NodeShape[] Data, int PayloadFormat);

internal sealed record NodeShape(string Name, string Address, string Status, bool Drained, int Partitions,
    [Description("What it runs; null when it does not say.")] string? Version);

internal sealed record PartitionListShape(PartitionShape[] Data);

internal sealed record PartitionShape(int Partition, string? Node, string State);

[Description("What fires first, pages before tickets, the oldest first.")]
internal sealed record AlertListShape([Description("Alerting rules that are evaluated: with none, an empty list means nothing.")] int Rules, AlertShape[] Data);

internal sealed record AlertShape(
    string Name, [Description("page or ticket.")] string Severity, [AllowedValues("firing", "pending")] string State,
    [Description("When its condition began to hold.")] DateTimeOffset Since, string Summary,
    [Description("The summary for this one: which node, which setting, how much.")] string? Description, [Description("Where it is said what to do.")] string? Runbook);

[Description("How far the comparison of orders with the payment provider's record is, and what is open of it.")]
internal sealed record ReconciliationShape(
    [Description("There is a provider whose record can be read.")] bool Enabled, [Description("The node that compares.")] string? Node,
    [Description("When it told of this.")] DateTimeOffset? AsOf, [Description("When all that orders tell was last read.")] DateTimeOffset? OrdersReadAt,
    [Description("When all that the provider tells was last read.")] DateTimeOffset? ProviderReadAt, [Description("Operations that both tell of alike.")] long Matched,
    [Description("Operations that took a look at the order and at the provider.")] long LookedUp, [Description("Operations that one side has told of and the other has not yet.")] int Unsettled,
    [Description("Why it does not go on: too_many_breaks, or why the provider's record cannot be read.")] string? Trouble,
    [Description("Breaks that are open.")] int Open, Dictionary<string, int> OpenByKind, [Description("The money about which the open breaks differ; 9223372036854775807 also stands for more.")] MoneyShape[] AtRisk);

internal sealed record MoneyShape([Description("Minor units.")] long Amount, [Description("ISO 4217.")] string Currency);

[Description("A parked order that a person has put out of sight.")]
internal sealed record DismissalShape(string OrderId, string Reason, [Description("The name of the key that was used.")] string? DismissedBy, DateTimeOffset DismissedAt);

internal sealed record BreakListShape(BreakShape[] Data, bool HasMore, string? NextCursor);

[Description("A difference between an order's ledger and the payment provider's record. docs/reconciliation.md tells what the kinds mean, and what to do.")]
internal sealed record BreakShape(
    string Id, [AllowedValues("not_requested", "repeated", "not_booked", "pending", "differs", "missing")] string Kind,
    [Description("closed: by a person. settled: both sides agree since."), AllowedValues("open", "closed", "settled")] string State,
    [Description("The idempotency key of the operation.")] string PaymentKey, [Description("The provider's reference of it.")] string PspReference,
    [Description("authorize, capture, void or refund, as far as the provider says one of these.")] string Operation, string? Tenant, string? OrderId, [Description("The order that the provider names, whether or not there is one.")] string? PspOrderId,
    [Description("What the order has booked, or asked for.")] MoneyShape? Ours, [Description("What the provider has done.")] MoneyShape? Theirs,
    [Description("The money about which they differ.")] MoneyShape? AtRisk, [Description("Who sees to it.")] string? Owner,
    DateTimeOffset OpenedAt, DateTimeOffset? ClosedAt, string? ClosedBy, [Description("Why a person closed it.")] string? Reason);

internal sealed record PausedPspListShape(PausedPspShape[] Data);

[Description("A payment provider that is not asked for anything now.")]
internal sealed record PausedPspShape(string Name, DateTimeOffset Since, [Description("Who has paused it.")] string? By,
    [Description("Whether the asked node had a payment to make with it since it started: else its name may be mistyped.")] bool Seen);

internal sealed record PayloadFormatShape(int PayloadFormat, string[] Behind);

internal sealed record BackupShape(
    string Id, [AllowedValues("running", "done", "failed")] string Status, DateTimeOffset StartedAt, long DoneBytes, long TotalBytes,
    string? Name, DateTimeOffset? TakenAt, long? Bytes, int? Partitions, long? Records, string? Failure);

[Description("Something that is done with every order that matches a query.")]
internal sealed record JobShape(
    string Id,
    [Description("failed: for a reason of its own that the server's log tells; it may be resumed."), AllowedValues("running", "paused", "canceled", "failed", "done")] string Status,
    [AllowedValues("cancel", "retry", "hold", "release")] string Action,
    JobQueryShape Query, string? Reason, int Rate, int Limit, ActorShape StartedBy, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt, DateTimeOffset? EndedAt,
    [Description("How many orders matched when it began, up to the limit; null before they are counted, and when that would take too long.")] int? Total,
    [Description("Orders whose results are kept: the sum of the four below.")] int Processed,
    int Changed,
    [Description("It was so already.")] int Unchanged,
    [Description("The order's rules said no.")] int Refused,
    [Description("The order did not match any more, or had nothing to release.")] int Skipped);

internal sealed record JobListShape(JobShape[] Data);

internal sealed record JobResultListShape(JobResultShape[] Data, bool HasMore, string? NextCursor);

internal sealed record JobResultShape(
    string Order, [AllowedValues("changed", "unchanged", "refused", "skipped")] string Outcome, [Description("Of the problem, as a request for that one order would have been answered.")] string? Code);

internal sealed record ApiKeyShape(
    string Id, string Name, string[] Scopes, [AllowedValues("live", "expired", "revoked")] string State,
    DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt, DateTimeOffset? LastUsedAt,
    [Description("The key's text: in the answer that made it, and nowhere else.")] string? Key = null);

internal sealed record ApiKeyListShape(ApiKeyShape[] Data);

[Description("Where the tenant is told of events, and how far that is.")]
internal sealed record WebhookShape(
    string Id, string Url, [Description("Null for all.")] string[]? Events, string? Description, bool Disabled,
    [Description("failing: the last attempt was in vain. stopped: by the server, until the endpoint is put again."), AllowedValues("well", "failing", "stopped", "disabled")] string State,
    [Description("gone, too_many_failed or events_gone.")] string? StoppedBecause,
    DateTimeOffset CreatedAt, DateTimeOffset ChangedAt, [Description("Until when the secret before the last rotation signs too.")] DateTimeOffset? FormerSecretEndsAt,
    [Description("Age of the oldest event that is not yet delivered or set aside, in seconds.")] long LagS,
    [Description("Events that are to be tried again, or wait behind one of their order.")] int Waiting,
    [Description("Events that failed for good; kept to be replayed.")] int Failed,
    [Description("Replays that were asked for and are not made yet.")] int Replays,
    DateTimeOffset? FailingSince, DateTimeOffset? LastSuccessAt, DateTimeOffset? LastFailureAt, string? LastError,
    [Description("whsec_ and base64: in the answer that made it, and nowhere else.")] string? Secret = null);

internal sealed record WebhookListShape(WebhookShape[] Data);

internal sealed record AttemptShape(
    string EventId, string Type, string OrderId, [Description("From 1; 0 of an event that waits behind another.")] int Attempt, DateTimeOffset? At,
    [AllowedValues("delivered", "waiting", "failed")] string Outcome, [Description("Of the receiver's answer.")] int? Status, string? Error, long? DurationMs, DateTimeOffset? NextAt);

internal sealed record AttemptListShape(AttemptShape[] Data, bool HasMore, string? NextCursor);

internal sealed record WebhookTestShape(string EventId, bool Delivered, int? Status, string? Error, long? DurationMs);

internal sealed record ReplayShape(string Id, string? EventId, DateTimeOffset? From, DateTimeOffset? Until, bool Failed);

internal sealed record AuditEntryShape(
    long Seq, DateTimeOffset At, ActorShape Actor, string Action, string Subject, Dictionary<string, JsonElement> Detail, string Chain);

internal sealed record AuditListShape(AuditEntryShape[] Data, bool HasMore, string? NextCursor);

internal sealed record LimitsShape(RateShape Tenant, RateShape Key, long? PerDay = null);

internal sealed record TenantListShape(TenantUseShape[] Data);

internal sealed record TenantUseShape(
    string Name, LimitsShape Limits, [Description("Requests that may come at once now, at the asked node.")] long Available,
    [Description("And when it was left alone: without Redis its share of the burst.")] long AvailableOf,
    [Description("Requests of the day of UTC; null where no number a day is set.")] long? UsedToday);

internal sealed record PausedTenantListShape(PausedTenantShape[] Data);

[Description("A merchant of whom no new order is taken now.")]
internal sealed record PausedTenantShape(string Name, DateTimeOffset Since, [Description("Who has paused him.")] string? By,
    [Description("Whether he has come by at the asked node since it started: else the name may be mistyped.")] bool Seen);

internal sealed record CachesShape(
    string Node, [Description("Whether nodes share theirs through Redis.")] bool Shared, CacheUseShape[] Data, [Description("Between this server and the public.")] SharedCacheShape[] SharedCaches);

internal sealed record CacheUseShape(string Name, long Hits, long Misses, [Description("Answered with what was known, because the owner could not be asked.")] long Stale);

internal sealed record SharedCacheShape(
    string Host, [Description("It took what it was told last.")] bool Working, [Description("Groups that it has yet to be told of.")] long Waiting, long Sent, long Failed);

internal sealed record RateShape(long PerSecond, long Burst);

[Description("How far an order is. Nothing that anybody wrote into it.")]
internal sealed record TrackedOrderShape(
    [Description("The last step.")] string Status, DateTimeOffset UpdatedAt, [Description("Those it has made, in order.")] TrackedStepShape[] Steps);

internal sealed record TrackedStepShape([Description("received, confirmed, shipped, delivered or canceled.")] string Step, DateTimeOffset At);

internal sealed record HealthShape(
    string Status,
    [Description("Partitions whose checkpoints the database refuses.")] int[]? RefusedCheckpoints = null,
    [Description("What is away without which everything goes on, though less well: redis.")] string[]? Degraded = null);

[Description("A refusal, RFC 9457. Every code has its entry in docs/problems.md.")]
internal sealed record ProblemShape(
    [Description("https://millrace.dev/problems/ and the code.")] string Type,
    string Title,
    int Status,
    string Detail,
    [Description("Stable: what a program goes by.")] string Code,
    string TraceId,
    [Description("With total_mismatch.")] long? ComputedTotal = null,
    FieldErrorShape[]? Errors = null);

internal sealed record FieldErrorShape([Description("A JSON Pointer into the body that was sent.")] string Pointer, string Code, string Detail);

[Description("Whose key or token it is.")]
internal sealed record CallerShape(string Tenant, ActorShape Actor, string[] Scopes);

[Description("A node, second by second; oldest first.")]
internal sealed record OverviewShape(
    string Node, [Description("Settings in use that are not for production.")] string[] UnsafeSettings,
    [Description("Payment providers that are paused.")] string[] PausedPsps, [Description("Merchants of whom no new order is taken.")] string[] PausedTenants, OverviewPointShape[] Data);

[Description("A second, or as many as were asked for. Rates are per second.")]
internal sealed record OverviewPointShape(
    DateTimeOffset At, double Placed, double Refused, double Unavailable, double Confirmed, double Ended,
    PercentilesShape? AcceptMs, PercentilesShape? SettleMs, PercentilesShape? CommitMs, double Commits, double Payments, double PaymentsUnknown,
    long Unfinished, double OldestS, long Inside, long Waiting, double WaitingOldestS, bool BreakerOpen, long Unserved, long LaneWaiting, double LaneWaitingOldestS, long PaymentsInside,
    [Description("The unfinished orders, by what they wait for.")] StageBacklogShape[] Stages,
    [Description("Of what part of the orders may be turned away, 0.01%, what part is left: over the node's last hour, or since its start. Null while no order was asked for.")] double? AcceptBudgetLeft);

internal sealed record StageBacklogShape(
    [Description("external_id or stock (another partition), payment (the provider, or the next attempt there), or next: younger than three seconds, or moving.")] string Stage,
    [Description("Orders.")] long Waiting, [Description("Age of the oldest; 0 for none.")] double OldestS);

[Description("In milliseconds.")]
internal sealed record PercentilesShape(double P50, double P95, double P99);

[Description("What the asked node checks while it serves, and what it found since it was started.")]
internal sealed record AuditorShape(
    string Node, int RowsPerSecond, AuditorSweepShape? Sweep, AuditorSweepShape? LastSweep, long Orders, long ChangedOrders, long Items, long TurnsSkipped,
    long Violations, AuditorFindingShape[] Findings);

[Description("A look at every order and item of the partitions that the node had when it began.")]
internal sealed record AuditorSweepShape(DateTimeOffset StartedAt, DateTimeOffset? EndedAt, int Partitions, long Orders, long Items);

[Description("A promise, by its number in docs/guarantees.md, that a stored row does not keep.")]
internal sealed record AuditorFindingShape(DateTimeOffset At, int Invariant, string Promise, string Subject, string What);
