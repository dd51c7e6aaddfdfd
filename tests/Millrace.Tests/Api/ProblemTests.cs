using System.Text;
using System.Text.Json;
using Millrace.Api.Documentation;
using Millrace.Api.Edge;
using Millrace.Api.Problems;
using Millrace.Domain.Orders;
using Millrace.Domain.Stock;
using Xunit;

namespace Millrace.Tests.Api;

public sealed class ProblemTests
{
    [Fact]
    public void Every_problem_has_its_entry_under_its_status_in_the_docs()
    {
        var status = 0;
        var documented = new List<(string, int)>();
        foreach (var line in File.ReadLines(Path.Combine(Root(), "docs", "problems.md")))
        {
            if (line.StartsWith("## ", StringComparison.Ordinal))
                status = int.Parse(line.AsSpan(3));
            else if (line.StartsWith("### ", StringComparison.Ordinal))
                documented.Add((line[4..], status));
        }

        Assert.Equal(ProblemKinds.All.Select(k => (k.Code, k.Status)).Order(), documented.Order());
    }

    [Theory]
    [InlineData(typeof(OrderRejection))]
    [InlineData(typeof(StockRejection))]
    public void Every_rule_of_the_domain_has_its_own_problem(Type rejections)
    {
        foreach (var kind in rejections.GetNestedTypes())
        {
            var constructor = kind.GetConstructors().Single();
            object?[] arguments = [.. constructor.GetParameters().Select(p => p.ParameterType == typeof(string) ? "x" : Activator.CreateInstance(p.ParameterType))];
            dynamic rejection = constructor.Invoke(arguments);
            Assert.True(ProblemKinds.TryGet((string)rejection.Code, out _), (string)rejection.Code);
        }
    }

    [Fact]
    public void A_problem_document_has_the_fields_of_RFC_9457_and_ours()
    {
        var problem = Problem.Of([new FieldError("/lines/0/sku", "unknown_sku", "There is no such item.")]);
        var text = Encoding.UTF8.GetString(Answer.Render(problem, static (w, p) => ProblemJson.Write(w, p, "trace")));
        var read = JsonSerializer.Deserialize<ProblemShape>(text, new JsonSerializerOptions { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower })!;
        Assert.Equal(("https://millrace.dev/problems/unknown_sku", 422, "unknown_sku", "trace"), (read.Type, read.Status, read.Code, read.TraceId));
        Assert.Equal("/lines/0/sku", Assert.Single(read.Errors!).Pointer);
    }

    [Fact]
    public void Faults_of_several_kinds_are_one_invalid_request() =>
        Assert.Equal("invalid_request", Problem.Of([new FieldError("/a", "unknown_sku", ""), new FieldError("/b", "too_long", "")]).Kind.Code);

    private static string Root()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "Millrace.slnx")))
            directory = directory.Parent;
        return directory?.FullName ?? throw new InvalidOperationException("The tests do not lie inside the repository.");
    }
}
