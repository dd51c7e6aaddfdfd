using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Millrace.Cluster.Administration;
using Millrace.Domain.Orders;
using Millrace.Engine.Administration;
using Millrace.Feed;
using Millrace.Storage.Sqlite.Administration;
using Millrace.Tests.Domain;
using Millrace.Tests.EndToEnd;
using Millrace.Tests.Feed;
using Millrace.Tests.Storage;
using Millrace.Webhooks;
using Millrace.Webhooks.Delivering;
using Millrace.Webhooks.Endpoints;
using Millrace.Webhooks.Sending;
using System.Diagnostics.Metrics;
using System.Text;
using Xunit;

namespace Millrace.Tests.Webhooks;

/// <summary>All of a node that delivers, over a journal that tests write and a real file of administration; a faked clock decides when something is tried again.</summary>
internal sealed class DeliveryNode : IAsyncDisposable
{
    /// <summary>Fewer than in earnest: each is a write to the disk.</summary>
    public const int MaxWaiting = 40;

    public const int MaxFailed = 3;

    private static readonly Actor Operator = new(ActorKind.Operator, "test");
    private readonly TemporaryFolder _folder = new();
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly SqliteAdministration _administration;
    private readonly WebhookSender _sender = new(new WebhookOptions { AllowHttp = true, AllowPrivateAddresses = true }, TimeProvider.System);
    private Deliverer? _deliverer;
    private int _requests;

    public DeliveryNode(bool isOneLog = true)
    {
        Journal = new FeedJournal(4, isOneLog);
        Directory.CreateDirectory(_folder["node"]);
        _administration = SqliteAdministration.Open(_folder["node"]);
        (Stored, Records) = (new DeliveryRecords(_administration), _administration);
        (Endpoints, Secrets) = (Read(), new WebhookSecrets(_administration));
    }

    /// <summary>Ours, and the events'.</summary>
    public AdjustedTime Time { get; } = new(DateTimeOffset.FromUnixTimeMilliseconds(Given.NowMs));

    public FeedJournal Journal { get; }

    public DeliveryRecords Stored { get; }

    public IRecords Records { get; }

    public WebhookEndpoints Endpoints { get; private set; }

    public WebhookSecrets Secrets { get; }

    /// <summary>What is sent of an event.</summary>
    public EventBody Body { get; set; } = told => Encoding.UTF8.GetBytes($$"""{"id":"{{told.Id}}","subject":"{{told.Order}}","sequence":"{{told.Version}}","type":"{{told.Type}}"}""");

    public async Task<WebhookEndpoint> AddAsync(Receiver receiver, params string[] types)
    {
        var id = WebhookEndpoints.NewId();
        await Stored.BeginAsync(id, await Feed().EndAsync(default), default);
        var outcome = await Endpoints.CreateAsync(id, Given.Acme, Settings(receiver, types), Operator, Request(), default);
        return Assert.IsType<EndpointOutcome.Done>(outcome).Endpoint;
    }

    public static EndpointSettings Settings(Receiver receiver, params string[] types) => new(receiver.Address, types.Length == 0 ? null : types, null, IsDisabled: false);

    public Task<EndpointOutcome> ChangeAsync(WebhookEndpoint endpoint, EndpointSettings settings) => Endpoints.ChangeAsync(Given.Acme, endpoint.Id, settings, Operator, default);

    public Task<EndpointOutcome> RotateAsync(WebhookEndpoint endpoint, TimeSpan overlap) => Endpoints.RotateAsync(Given.Acme, endpoint.Id, overlap, Operator, Request(), default);

    public Task<EndpointOutcome> ReplayAsync(WebhookEndpoint endpoint, ReplayOf of) => Endpoints.AskReplayAsync(Given.Acme, endpoint.Id, of, 0, Operator, Request(), default);

    public Task<bool> DeleteAsync(WebhookEndpoint endpoint) => Endpoints.DeleteAsync(Given.Acme, endpoint.Id, Operator, default);

    public async Task<DeliveryState> StateAsync(WebhookEndpoint endpoint) => (await Stored.FindStateAsync(endpoint.Id, default))!;

    public async Task<string> SecretAsync(WebhookEndpoint endpoint, int number) => WebhookSecrets.ToText(await Secrets.OfAsync(endpoint.Id, number, default));

    /// <summary>As a process does that has just been started: it knows what is stored, and nothing else.</summary>
    public async Task StartAsync()
    {
        Endpoints = Read();
        var tools = new DeliveryTools(Endpoints, Secrets, Stored, Feed(), told => Body(told), _sender, new WebhookMetrics(_services.GetRequiredService<IMeterFactory>()), Time) { MaxWaiting = MaxWaiting, MaxFailed = MaxFailed };
        _deliverer = new Deliverer(new Leases(_administration, "a", isShared: false, Time, NullLogger<Lease>.Instance), tools, NullLogger<Deliverer>.Instance);
        await _deliverer.StartAsync(default);
    }

    /// <summary>In the middle of whatever it does: nothing is brought to an end, and how far it is is not written down.</summary>
    public async Task StopAsync()
    {
        await _deliverer!.StopAsync(default);
        _deliverer.Dispose();
        _deliverer = null;
    }

    /// <summary>Lets time pass until it is so.</summary>
    public Task UntilAsync(Func<Task<bool>> isSo, string claim, double stepSeconds = 0.2) => Eventually.Async(
        () =>
        {
            Time.Advance(TimeSpan.FromSeconds(stepSeconds));
            return isSo();
        }, claim);

    public Task UntilAsync(Func<bool> isSo, string claim, double stepSeconds = 0.2) => UntilAsync(() => Task.FromResult(isSo()), claim, stepSeconds);

    public async ValueTask DisposeAsync()
    {
        if (_deliverer is not null)
            await StopAsync();
        _sender.Dispose();
        _administration.Dispose();
        await _services.DisposeAsync();
        _folder.Dispose();
    }

    private FollowedFeed Feed() => new(new EventFeed(Journal));

    private AuditRequest Request() => new($"{++_requests}", "");

    private WebhookEndpoints Read()
    {
        var audit = new AuditLog(_administration, Time);
        var endpoints = new WebhookEndpoints(audit, Time);
        audit.RefreshAsync(default).GetAwaiter().GetResult();
        return endpoints;
    }
}
