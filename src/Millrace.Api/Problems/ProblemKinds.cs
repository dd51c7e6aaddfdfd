using System.Diagnostics.CodeAnalysis;

namespace Millrace.Api.Problems;

/// <summary>Every problem that the API answers with. Codes never change; each has its entry in docs/problems.md.</summary>
public static class ProblemKinds
{
    private static readonly Dictionary<string, ProblemKind> ByCode = new(StringComparer.Ordinal);

    public static readonly ProblemKind BadRequest = Add("bad_request", 400, "The request is not valid HTTP");
    public static readonly ProblemKind MalformedJson = Add("malformed_json", 400, "The body is not JSON");
    public static readonly ProblemKind InvalidParameter = Add("invalid_parameter", 400, "A parameter is not acceptable");
    public static readonly ProblemKind InvalidHeader = Add("invalid_header", 400, "A header is not acceptable");
    public static readonly ProblemKind InvalidCursor = Add("invalid_cursor", 400, "The cursor is not from this list");
    public static readonly ProblemKind KeyMissing = Add("idempotency_key_missing", 400, "Idempotency-Key is missing");
    public static readonly ProblemKind KeyInvalid = Add("idempotency_key_invalid", 400, "Idempotency-Key is not acceptable");
    public static readonly ProblemKind SignatureRefused = Add("signature_refused", 400, "The signature is not acceptable");
    public static readonly ProblemKind Unauthenticated = Add("unauthenticated", 401, "A valid API key is needed");
    public static readonly ProblemKind InsufficientScope = Add("insufficient_scope", 403, "The API key lacks a scope");
    public static readonly ProblemKind TenantPaused = Add("tenant_paused", 403, "New orders of this merchant are not taken now");
    public static readonly ProblemKind NotFound = Add("not_found", 404, "Nothing is here");
    public static readonly ProblemKind OrderNotFound = Add("order_not_found", 404, "There is no such order");
    public static readonly ProblemKind ItemNotFound = Add("item_not_found", 404, "There is no such item");
    public static readonly ProblemKind HoldNotFound = Add("hold_not_found", 404, "There is no such hold");
    public static readonly ProblemKind DismissalNotFound = Add("dismissal_not_found", 404, "The order is not dismissed");
    public static readonly ProblemKind NodeNotFound = Add("node_not_found", 404, "There is no such node");
    public static readonly ProblemKind BackupNotFound = Add("backup_not_found", 404, "There is no such backup");
    public static readonly ProblemKind JobNotFound = Add("job_not_found", 404, "There is no such job");
    public static readonly ProblemKind KeyNotFound = Add("key_not_found", 404, "There is no such API key");
    public static readonly ProblemKind WebhookNotFound = Add("webhook_not_found", 404, "There is no such webhook endpoint");
    public static readonly ProblemKind BreakNotFound = Add("break_not_found", 404, "There is no such break");
    public static readonly ProblemKind MethodNotAllowed = Add("method_not_allowed", 405, "The method is not allowed here");
    public static readonly ProblemKind RequestTimeout = Add("request_timeout", 408, "The request came too slowly");
    public static readonly ProblemKind Conflict = Add("conflict", 409, "The request conflicts with the present state");
    public static readonly ProblemKind AlreadyPlaced = Add("already_placed", 409, "The order exists already");
    public static readonly ProblemKind TotalMismatch = Add("total_mismatch", 409, "The total is not the expected one");
    public static readonly ProblemKind NotCancelable = Add("not_cancelable", 409, "The order cannot be canceled");
    public static readonly ProblemKind AlreadyShipped = Add("already_shipped", 409, "The order is shipped");
    public static readonly ProblemKind NotHoldable = Add("not_holdable", 409, "The order cannot be held");
    public static readonly ProblemKind TooManyHolds = Add("too_many_holds", 409, "The order has too many holds");
    public static readonly ProblemKind NotShippable = Add("not_shippable", 409, "The order cannot be shipped");
    public static readonly ProblemKind NotDeliverable = Add("not_deliverable", 409, "The order cannot be delivered");
    public static readonly ProblemKind PaymentInFlight = Add("payment_in_flight", 409, "A payment is in flight");
    public static readonly ProblemKind RefundTooLarge = Add("refund_too_large", 409, "The refund exceeds what is left");
    public static readonly ProblemKind NotParked = Add("not_parked", 409, "The order is not parked");
    public static readonly ProblemKind UnknownPayment = Add("unknown_payment", 409, "The order knows no such payment");
    public static readonly ProblemKind BelowPromised = Add("below_promised", 409, "The stock is promised to orders");
    public static readonly ProblemKind TooManyLocations = Add("too_many_locations", 409, "The item has too many locations");
    public static readonly ProblemKind TooManyKeys = Add("too_many_keys", 409, "The client has too many API keys");
    public static readonly ProblemKind TooManyWebhooks = Add("too_many_webhooks", 409, "The tenant has too many webhook endpoints");
    public static readonly ProblemKind TooManyReplays = Add("too_many_replays", 409, "Too many replays wait for their turn");
    public static readonly ProblemKind NoCluster = Add("no_cluster", 409, "The node is on its own");
    public static readonly ProblemKind LastNode = Add("last_node", 409, "No other node would be left");
    public static readonly ProblemKind BackupsNotConfigured = Add("backups_not_configured", 409, "There is no folder for backups");
    public static readonly ProblemKind BackupRunning = Add("backup_running", 409, "A backup is being made");
    public static readonly ProblemKind TooManyJobs = Add("too_many_jobs", 409, "The tenant has too many jobs");
    public static readonly ProblemKind JobEnded = Add("job_ended", 409, "The job is over");
    public static readonly ProblemKind BreakPending = Add("break_pending", 409, "The order waits to hear of the payment");
    public static readonly ProblemKind BreakSettled = Add("break_settled", 409, "Both sides agree by now");
    public static readonly ProblemKind EventsGone = Add("events_gone", 410, "The events are not kept here any more");
    public static readonly ProblemKind VersionMismatch = Add("version_mismatch", 412, "It is at another version");
    public static readonly ProblemKind BodyTooLarge = Add("body_too_large", 413, "The body is too large");
    public static readonly ProblemKind UnsupportedMediaType = Add("unsupported_media_type", 415, "The media type is not accepted");
    public static readonly ProblemKind InvalidRequest = Add("invalid_request", 422, "The request is not acceptable");
    public static readonly ProblemKind InvalidOrder = Add("invalid_order", 422, "The order is not acceptable");
    public static readonly ProblemKind CardNumberRefused = Add("card_number_refused", 422, "Card numbers are refused");
    public static readonly ProblemKind UnknownSku = Add("unknown_sku", 422, "There is no such item");
    public static readonly ProblemKind CurrencyMismatch = Add("currency_mismatch", 422, "The item is sold in another currency");
    public static readonly ProblemKind OutOfRange = Add("out_of_range", 422, "A number is out of range");
    public static readonly ProblemKind KeyReused = Add("idempotency_key_reused", 422, "Idempotency-Key was used with another request");
    public static readonly ProblemKind QuotaExceeded = Add("quota_exceeded", 429, "The limit of requests is used up");
    public static readonly ProblemKind HeadersTooLarge = Add("headers_too_large", 431, "The headers are too large");
    public static readonly ProblemKind InternalError = Add("internal_error", 500, "Something is broken on our side");
    public static readonly ProblemKind Backlog = Add("backlog", 503, "Orders before this one do not move");
    public static readonly ProblemKind Overloaded = Add("overloaded", 503, "More is asked for than can be done now");
    public static readonly ProblemKind Unavailable = Add("unavailable", 503, "The service cannot take this now");
    public static readonly ProblemKind ListBehind = Add("list_behind", 503, "The list does not show yet what was seen");

    public static IEnumerable<ProblemKind> All => ByCode.Values;

    public static bool TryGet(string code, [NotNullWhen(true)] out ProblemKind? kind) => ByCode.TryGetValue(code, out kind);

    /// <summary>What the framework's own refusals become.</summary>
    public static ProblemKind ForStatus(int status) => status switch
    {
        401 => Unauthenticated,
        403 => InsufficientScope,
        404 => NotFound,
        405 => MethodNotAllowed,
        408 => RequestTimeout,
        413 => BodyTooLarge,
        415 => UnsupportedMediaType,
        429 => QuotaExceeded,
        431 => HeadersTooLarge,
        503 => Unavailable,
        >= 400 and < 500 => BadRequest,
        _ => InternalError,
    };

    private static ProblemKind Add(string code, int status, string title)
    {
        var kind = new ProblemKind(code, status, title);
        ByCode.Add(code, kind);
        return kind;
    }
}
