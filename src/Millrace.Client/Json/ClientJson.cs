using System.Text.Json;
using System.Text.Json.Serialization;
using Millrace.Client.Alerts;
using Millrace.Client.ApiKeys;
using Millrace.Client.Audit;
using Millrace.Client.Auditor;
using Millrace.Client.Backups;
using Millrace.Client.Caches;
using Millrace.Client.Cluster;
using Millrace.Client.Events;
using Millrace.Client.Health;
using Millrace.Client.Items;
using Millrace.Client.Jobs;
using Millrace.Client.Limits;
using Millrace.Client.Orders;
using Millrace.Client.Overview;
using Millrace.Client.Providers;
using Millrace.Client.Reconciliation;
using Millrace.Client.Stock;
using Millrace.Client.Tracking;
using Millrace.Client.Webhooks;

namespace Millrace.Client.Json;

/// <summary>Reads and writes every body, without reflection. A server may be newer: what is unknown in an answer is passed over.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(NewOrder))]
[JsonSerializable(typeof(IReadOnlyList<BatchRow>))]
[JsonSerializable(typeof(Reason))]
[JsonSerializable(typeof(Nothing))]
[JsonSerializable(typeof(NewHold))]
[JsonSerializable(typeof(Parcel))]
[JsonSerializable(typeof(NewRefund))]
[JsonSerializable(typeof(NewItem))]
[JsonSerializable(typeof(StockAdjustment))]
[JsonSerializable(typeof(NewApiKey))]
[JsonSerializable(typeof(Rotation))]
[JsonSerializable(typeof(Order))]
[JsonSerializable(typeof(Page<Order>))]
[JsonSerializable(typeof(Listing<BatchResult>))]
[JsonSerializable(typeof(Listing<OrderEvent>))]
[JsonSerializable(typeof(OrderLedger))]
[JsonSerializable(typeof(CloudEvent))]
[JsonSerializable(typeof(Page<CloudEvent>))]
[JsonSerializable(typeof(Item))]
[JsonSerializable(typeof(Page<Item>))]
[JsonSerializable(typeof(Availability))]
[JsonSerializable(typeof(AttentionList))]
[JsonSerializable(typeof(Demand))]
[JsonSerializable(typeof(WebhookSettings))]
[JsonSerializable(typeof(SecretRotation))]
[JsonSerializable(typeof(NewReplay))]
[JsonSerializable(typeof(Webhook))]
[JsonSerializable(typeof(Listing<Webhook>))]
[JsonSerializable(typeof(Page<WebhookAttempt>))]
[JsonSerializable(typeof(WebhookTest))]
[JsonSerializable(typeof(WebhookReplay))]
[JsonSerializable(typeof(ApiKey))]
[JsonSerializable(typeof(Listing<ApiKey>))]
[JsonSerializable(typeof(Page<AuditEntry>))]
[JsonSerializable(typeof(TenantLimits))]
[JsonSerializable(typeof(Nodes))]
[JsonSerializable(typeof(Listing<Partition>))]
[JsonSerializable(typeof(PayloadFormat))]
[JsonSerializable(typeof(ActiveAlerts))]
[JsonSerializable(typeof(CacheState))]
[JsonSerializable(typeof(ReconciliationState))]
[JsonSerializable(typeof(Dismissal))]
[JsonSerializable(typeof(Break))]
[JsonSerializable(typeof(Page<Break>))]
[JsonSerializable(typeof(BreakChange))]
[JsonSerializable(typeof(Listing<TenantUse>))]
[JsonSerializable(typeof(Listing<PausedProvider>))]
[JsonSerializable(typeof(Listing<PausedTenant>))]
[JsonSerializable(typeof(Backup))]
[JsonSerializable(typeof(NewJob))]
[JsonSerializable(typeof(Job))]
[JsonSerializable(typeof(Listing<Job>))]
[JsonSerializable(typeof(Page<JobResult>))]
[JsonSerializable(typeof(Caller))]
[JsonSerializable(typeof(NodeOverview))]
[JsonSerializable(typeof(AuditorReport))]
[JsonSerializable(typeof(HealthStatus))]
[JsonSerializable(typeof(TrackedOrder))]
[JsonSerializable(typeof(Problem))]
[JsonSerializable(typeof(JsonElement))]
internal sealed partial class ClientJson : JsonSerializerContext;
