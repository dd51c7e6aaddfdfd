using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using Millrace.Api.Psp;
using Millrace.Cli.Serve;
using Millrace.Gateways.Psp;
using Xunit;

namespace Millrace.Tests.Gateways;

public sealed class PspWebhookVerifierTests
{
    private const string Secret = "a-shared-secret-of-a-test";
    private const string Body =
        """{"id":"evt_1","type":"capture.succeeded","operation_id":"cap_1","reference":"k","order":"ord_1","authorization_id":"pa_1","amount":5,"currency":"EUR","new_member":1}""";

    private readonly FakeTimeProvider _time = new(DateTimeOffset.FromUnixTimeSeconds(1_700_000_000));

    [Fact]
    public void A_webhook_signed_with_the_secret_is_read()
    {
        var expected = new PspWebhook("evt_1", "capture.succeeded", "cap_1", "k", "ord_1", "pa_1", 5, "EUR");

        Assert.Equal((expected, PspWebhookRefusal.None), Verify(Body, Sign(Body)));
    }

    [Fact]
    public void One_good_signature_among_several_is_enough_while_a_secret_is_rotated()
    {
        Assert.Equal(PspWebhookRefusal.None, Verify(Body, Sign(Body).Replace(",v1=", ",v1=00ff,v1=", StringComparison.Ordinal)).Refusal);
    }

    [Fact]
    public void A_changed_body_time_or_secret_is_refused()
    {
        var signature = Sign(Body);

        Assert.Equal(PspWebhookRefusal.SignatureWrong, Verify(Body.Replace("\"amount\":5", "\"amount\":6", StringComparison.Ordinal), signature).Refusal);
        Assert.Equal(PspWebhookRefusal.SignatureWrong, Verify(Body, signature.Replace("t=1700000000", "t=1700000001", StringComparison.Ordinal)).Refusal);
        Assert.Equal(PspWebhookRefusal.SignatureWrong, Verify(Body, Sign(Body, "another-secret-of-a-test")).Refusal);
    }

    [Theory]
    [InlineData(-300, PspWebhookRefusal.None)]
    [InlineData(300, PspWebhookRefusal.None)]
    [InlineData(-301, PspWebhookRefusal.Stale)]
    [InlineData(301, PspWebhookRefusal.Stale)]
    public void A_signature_more_than_five_minutes_away_is_stale(int secondsLater, PspWebhookRefusal expected)
    {
        var signature = Sign(Body, Secret, 1_700_000_000 - secondsLater);

        Assert.Equal(expected, Verify(Body, signature).Refusal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("v1=00")]
    [InlineData("t=,v1=00")]
    [InlineData("t=-1,v1=00")]
    [InlineData("t=99999999999999999999,v1=00")]
    public void A_missing_or_shapeless_signature_is_refused(string? signature)
    {
        Assert.Equal(PspWebhookRefusal.SignatureMissing, Verify(Body, signature).Refusal);
    }

    [Fact]
    public void A_time_beyond_any_calendar_is_stale()
    {
        Assert.Equal(PspWebhookRefusal.Stale, Verify(Body, Sign(Body, Secret, long.MaxValue)).Refusal);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("not json")]
    public void A_signed_body_that_is_no_webhook_is_refused(string body)
    {
        Assert.Equal(PspWebhookRefusal.BodyInvalid, Verify(body, Sign(body)).Refusal);
    }

    // They stay in the order for good.
    [Theory]
    [InlineData("capture.succeeded", 255, 0, true)]
    [InlineData("capture.succeeded", 256, 0, false)]
    [InlineData("capture.succeeded", 0, 0, false)]
    [InlineData("authorization.declined", 0, 255, true)]
    [InlineData("authorization.declined", 1, 256, false)]
    public void A_webhook_with_an_id_or_a_code_that_is_none_is_refused(string type, int idLength, int codeLength, bool isTaken)
    {
        var code = codeLength == 0 ? "" : $",\"code\":\"{new string('c', codeLength)}\"";
        var body = Body.Replace("capture.succeeded", type, StringComparison.Ordinal).Replace("\"cap_1\"", $"\"{new string('x', idLength)}\"" + code, StringComparison.Ordinal);
        var result = PspWebhooks.Parser(Secret, _time)("psp", Encoding.UTF8.GetBytes(body), Sign(body));
        Assert.Equal(isTaken, result is not PspWebhookResult.Refused);
    }

    private (PspWebhook? Webhook, PspWebhookRefusal Refusal) Verify(string body, string? signature)
    {
        var isVerified = new PspWebhookVerifier(Secret, _time).TryVerify(Encoding.UTF8.GetBytes(body), signature, out var webhook, out var refusal);
        Assert.Equal(isVerified, refusal == PspWebhookRefusal.None);
        return (webhook, refusal);
    }

    private static string Sign(string body, string secret = Secret, long seconds = 1_700_000_000)
    {
        var hmac = HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes($"{seconds}.{body}"));
        return $"t={seconds},v1={Convert.ToHexStringLower(hmac)}";
    }
}
