using System.Text.Json.Serialization;

namespace Millrace.Api.Alerts;

/// <summary>What of Prometheus' <c>/api/v1/rules</c> is looked at.</summary>
internal sealed record RulesAnswer(RulesData? Data);

internal sealed record RulesData(IReadOnlyList<RuleGroup>? Groups);

internal sealed record RuleGroup(string? Name, IReadOnlyList<AlertingRule>? Rules);

/// <param name="Health"><c>ok</c>, <c>err</c> or, before its first evaluation, <c>unknown</c>.</param>
internal sealed record AlertingRule(string? Name, string? Health, IReadOnlyList<RuleAlert>? Alerts);

/// <param name="State"><c>pending</c> or <c>firing</c>.</param>
internal sealed record RuleAlert(Dictionary<string, string>? Labels, Dictionary<string, string>? Annotations, string? State, DateTimeOffset ActiveAt);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(RulesAnswer))]
internal sealed partial class RulesJson : JsonSerializerContext;
