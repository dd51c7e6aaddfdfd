using System.CommandLine;
using Millrace.Api.Keys;
using Millrace.Cli.Client;

namespace Millrace.Cli.Caches;

/// <summary><c>millrace caches list|purge</c>. Needs a key with the scope <c>system:operate</c>.</summary>
internal static class CachesCommand
{
    public static Command Create() => new("caches", "Look after caches (docs/caching.md)")
    {
        Reading.Rows("list", "Show how often the caches of the asked node had the answer, since it started; -o json shows the shared ones too", [], _ => ApiRequest.Get("/v1/caches"), "name", "hits#", "misses#", "stale#"),
        Mutation.Setting("purge", "Have the shared caches, those of --purge-url, drop every public answer", [],
            static _ => new Change(new ApiRequest(HttpMethod.Delete, "/v1/caches/public"), Scopes.SystemOperate),
            static async (arguments, answer) => answer.Body.GetProperty("shared_caches") is var shared && shared.GetArrayLength() > 0
                ? (new Shown.Many([.. shared.EnumerateArray()], ["host", "working", "waiting#", "sent#", "failed#"]), Acting.Done)
                : (new Shown.One(answer.Body), await Acting.FailAsync(arguments, "nothing is purged: the server tells no shared cache of changes (serve --purge-url).", Acting.Failed))),
    };
}
