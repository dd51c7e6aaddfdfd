using System.Diagnostics;
using System.Threading.RateLimiting;
using Microsoft.Extensions.Logging;
using Millrace.Engine.Payments;
using Millrace.Telemetry;
using Polly;
using Polly.CircuitBreaker;
using Polly.Timeout;

namespace Millrace.Gateways.Psp;

/// <summary>
/// Talks HTTP to a provider, within a bulkhead, a time-out and a circuit breaker. It does not retry: the engine
/// does, in that one layer, with a later attempt of the same intent. From the second attempt on it looks the reference
/// up first, because the provider may have done the work and forgotten the key since. Thread-safe.
/// </summary>
public sealed partial class HttpPaymentGateway : IPaymentGateway, IDisposable
{
    private readonly HttpClient _http;
    private readonly PspClient _client;
    private readonly ConcurrencyLimiter _turns;
    private readonly TimeSpan _turnTimeout;
    private readonly ResiliencePipeline<PspAnswer> _pipeline;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly PspMetrics? _metrics;
    private readonly OrderTraces? _traces;

    /// <param name="options">The provider and its limits.</param>
    /// <param name="time">The clock of the time-outs and of the breaker.</param>
    /// <param name="log">Hears when the breaker opens and closes.</param>
    /// <param name="metrics">Measures each call; null for nobody.</param>
    /// <param name="traces">Which trace placed an order, to link to; null when nobody knows.</param>
    public HttpPaymentGateway(
        HttpPaymentGatewayOptions options, TimeProvider time, ILogger<HttpPaymentGateway> log, PspMetrics? metrics = null, OrderTraces? traces = null)
        : this(CreateClient(options), options, time, log, metrics, traces)
    {
    }

    internal HttpPaymentGateway(
        HttpClient http, HttpPaymentGatewayOptions options, TimeProvider time, ILogger<HttpPaymentGateway> log, PspMetrics? metrics = null, OrderTraces? traces = null)
    {
        (_http, _client) = (http, new PspClient(http));
        (_time, _log, _metrics, _traces) = (time, log, metrics, traces);
        _turns = new ConcurrencyLimiter(new ConcurrencyLimiterOptions { PermitLimit = options.MaxConcurrentCalls, QueueLimit = options.MaxWaitingCalls });
        _turnTimeout = options.TurnTimeout;
        var breaker = new CircuitBreakerStateProvider();
        metrics?.Watch(breaker);
        _pipeline = BuildPipeline(options, time, breaker, log);
    }

    /// <inheritdoc />
    /// <exception cref="OperationCanceledException">The caller canceled; what the provider did is then unknown.</exception>
    public async ValueTask<PaymentOutcome> ExecuteAsync(PaymentRequest request, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(request);
        using var span = StartSpan(request);
        var began = _time.GetTimestamp();
        _metrics?.Began();
        PaymentOutcome? outcome = null;
        try
        {
            return outcome = await CallAsync(request, cancellation);
        }
        finally
        {
            _metrics?.Ended(request, outcome, _time.GetElapsedTime(began));
            if (span is not null)
                Describe(span, outcome);
        }
    }

    // Nobody's turn holds anything, and whoever still comes is answered as ever: that it cannot be known.
    public void Dispose() => _http.Dispose();

    private static HttpClient CreateClient(HttpPaymentGatewayOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return PspHttp.CreateClient(options.BaseAddress, options.Key, options.MaxConcurrentCalls, PspClient.MaxAnswerBytes);
    }

    // Of a trace of its own: the request was answered long before, and a link leads back to it while this node remembers it.
    private Activity? StartSpan(PaymentRequest request) => Tracing.PspSource.HasListeners()
        ? Tracing.PspSource.StartActivity(
            $"psp {request.Operation.ToString().ToLowerInvariant()}", ActivityKind.Internal, parentContext: default,
            tags: [new("millrace.order.id", request.Order.ToString()), new("millrace.psp.attempt", request.Attempt)],
            links: _traces?.Find(request.Order) is { } placed ? [new ActivityLink(placed)] : null)
        : null;

    private static void Describe(Activity span, PaymentOutcome? outcome)
    {
        var (name, error) = PspMetrics.Words(outcome);
        span.SetTag("millrace.psp.outcome", name);
        if (error.Length > 0)
            span.SetTag("error.type", error).SetStatus(ActivityStatusCode.Error);
    }

    // Waiting for a turn has a time of its own. Within that of the call, whoever waited long would be cut short at the provider, perhaps after it did what was asked: with
    // more calls than it takes, each would end so and be held against it. A call that had no turn was not sent, and says nothing of the provider.
    private async ValueTask<PaymentOutcome> CallAsync(PaymentRequest request, CancellationToken cancellation)
    {
        using var turn = await TurnAsync(cancellation);
        return turn is { IsAcquired: true } ? await CallInTurnAsync(request, cancellation) : new PaymentOutcome.Unknown("bulkhead_full");
    }

    private async ValueTask<RateLimitLease?> TurnAsync(CancellationToken cancellation)
    {
        using var patience = new CancellationTokenSource(_turnTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        try
        {
            return await _turns.AcquireAsync(1, either.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return null;
        }
    }

    private async ValueTask<PaymentOutcome> CallInTurnAsync(PaymentRequest request, CancellationToken cancellation)
    {
        var context = ResilienceContextPool.Shared.Get(cancellation);
        try
        {
            var result = await _pipeline.ExecuteOutcomeAsync(
                static (context, call) => call.Client.CallAsync(call.Request, call.Caller, context.CancellationToken),
                context,
                (Client: _client, Request: request, Caller: cancellation));
            // An outcome that is known is given even to a caller who has just canceled.
            if (result.Exception is OperationCanceledException)
                cancellation.ThrowIfCancellationRequested();
            return result.Exception is null ? result.Result.Outcome : NotCalled(result.Exception, request.IdempotencyKey);
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    private PaymentOutcome.Unknown NotCalled(Exception exception, string key)
    {
        switch (exception)
        {
            case BrokenCircuitException: return new PaymentOutcome.Unknown("breaker_open");
            case TimeoutRejectedException: return new PaymentOutcome.Unknown("timeout");
            default:
                // A fault of ours may have come after the effect as well as before it: unknown, and loud.
                LogFault(_log, key, exception);
                return new PaymentOutcome.Unknown("gateway_fault");
        }
    }

    private static ResiliencePipeline<PspAnswer> BuildPipeline(
        HttpPaymentGatewayOptions options, TimeProvider time, CircuitBreakerStateProvider breaker, ILogger log) =>
        new ResiliencePipelineBuilder<PspAnswer> { TimeProvider = time }
            .AddTimeout(options.CallTimeout)
            .AddCircuitBreaker(BreakerOptions(options, breaker, log))
            .Build();

    /// <summary>Opens when half of at least 20 calls in 10 s failed: enough calls not to be chance, soon enough to spare the provider.</summary>
    private static CircuitBreakerStrategyOptions<PspAnswer> BreakerOptions(HttpPaymentGatewayOptions options, CircuitBreakerStateProvider breaker, ILogger log) => new()
    {
        StateProvider = breaker,
        FailureRatio = 0.5,
        MinimumThroughput = 20,
        SamplingDuration = TimeSpan.FromSeconds(10),
        BreakDuration = options.BreakDuration,
        ShouldHandle = static answer => ValueTask.FromResult(answer.Outcome.Result.IsPspFailing),
        OnOpened = _ =>
        {
            LogOpened(log, options.BaseAddress, options.BreakDuration);
            return default;
        },
        OnClosed = _ =>
        {
            LogClosed(log, options.BaseAddress);
            return default;
        },
    };
}
