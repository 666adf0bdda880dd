using FluentAssertions;

namespace NsFixture.Cli.Tests;

public class ArgumentTests
{
    [Theory]
    [InlineData("'nsfixture run --help'", "run")]
    [InlineData("'nsfixture run --help'", "run", "--hots", "a", "--", "true")]
    [InlineData("'nsfixture run --help'", "run", "true")]
    [InlineData("nothing to be after --", "ls", "--", "true")]
    [InlineData("Name = \"a_b\" is not a name", "run", "--hosts", "a_b", "--", "true")]
    [InlineData("give copy, readonly, a directory", "run", "--root", "/no/such/tree", "--", "true")]
    [InlineData("is no limit: write memory=64M, cpu=30%", "run", "--limit", "memory=much", "--", "true")]
    [InlineData("leave --hosts and --root out", "run", "--limit", "memory=64M", "--hosts", "a", "--", "true")]
    [InlineData("'nsfixture --help'", "runn")]
    [InlineData("'nsfixture lsns --help'", "lsns", "--type", "nets")]
    [InlineData("'nsfixture ls' lists", "enter", "1")]
    [InlineData("'nsfixture ls' lists", "exec", "1", "web", "--", "true")]
    [InlineData("'nsfixture graph --help'", "graph", "one")]
    [InlineData("there is no file", "up", "no-such.json")]
    [InlineData("there is no file", "up", "no-such.yaml")]
    [InlineData("'nsfixture up --help'", "up")]
    [InlineData("'nsfixture enter --help'", "enter")]
    [InlineData("'nsfixture exec --help'", "exec", "1")]
    [InlineData("'nsfixture graph --help'", "graph")]
    [InlineData("'nsfixture ls --help'", "ls", "all")]
    [InlineData("'nsfixture doctor --help'", "doctor", "--jsn")]
    [InlineData("'nsfixture clean --help'", "clean", "now")]
    [InlineData("'nsfixture completion --help'", "completion", "fish")]
    public void Bad_arguments_give_one_line_with_the_remedy_and_exit_code_2(string remedy, params string[] arguments)
    {
        Cli.Outcome outcome = Cli.Run(arguments);
        outcome.ExitCode.Should().Be(2, outcome.Error);
        outcome.Output.Should().BeEmpty();
        outcome.Error.TrimEnd('\n').Should().StartWith("nsfixture: ").And.NotContain("\n").And.Contain(remedy);
    }
}

/// <summary>Mistakes in a topology's file are named by their place.</summary>
public class TopologyFileTests
{
    [Theory]
    [InlineData("[]", "the file is no object")]
    [InlineData("{", "is no JSON")]
    [InlineData("""{ "host": [] }""", "the file knows no \"host\": write networks, hosts,")]
    [InlineData("""{ "hosts": [ { "on": [] } ] }""", "hosts[0] has no \"name\"")]
    [InlineData("""{ "networks": [ { "name": "n", "mtu": "big" } ] }""", "networks[0].mtu is no number")]
    [InlineData("""{ "networks": [ { "name": "n", "conditions": "slow" } ] }""", "networks[0].conditions: \"slow\" is no link condition: give one of perfect, lan, wifi")]
    [InlineData("""{ "hosts": [ { "name": "h", "nat": "n" } ] }""", "hosts[0] knows no \"nat\"")]
    [InlineData("""{ "hosts": [ { "name": "h", "on": [ { "address": "10.0.0.9" } ] } ] }""", "hosts[0].on[0] has no \"network\"")]
    public void Each_is_refused_by_its_place_with_what_may_be_there(string json, string problem) =>
        Reading(json).Should().Throw<BadArgumentException>().WithMessage($"*{problem}*");

    [Theory]
    [InlineData("- a\n- b", "the file is no object")]
    [InlineData("", "the file is no object")]
    [InlineData("hosts: ]", ":1: is no YAML: ")]
    [InlineData("hosts:\n- name: a\n  name: b", ":3: is no YAML: Duplicate key")]
    [InlineData("host: []", "the file knows no \"host\": write networks, hosts,")]
    [InlineData("networks:\n- name: n\n  mtu: big", "networks[0].mtu is no number")]
    [InlineData("networks:\n- name: n\n  mtu: '1400'", "networks[0].mtu is no number")]
    [InlineData("hosts:\n- name: 1", "hosts[0].name is no text")]
    [InlineData("hosts:\n- &host\n  name: h\n  on: [*host]", "aliases stand for more")]
    [InlineData("dns: yes", "dns is neither true nor false")]
    [InlineData("seed: 1\n---\nseed: 2", "has 2 documents: write one")]
    public void YAML_has_the_same_mistakes_and_its_own(string yaml, string problem) =>
        Reading(yaml, extension: ".yaml").Should().Throw<BadArgumentException>().WithMessage($"*{problem}*");

    [Fact]
    public void YAML_says_what_JSON_says()
    {
        string json = "", yaml = "";
        Reading("""{ "networks": [ { "name": "home", "conditions": { "delay": 5, "loss": 1.5 } }, { "name": "wan", "subnet6": "fd01::/64", "mtu": 1400, "conditions": "5g" } ], "routers": [ { "name": "gw", "on": ["home", "wan"], "nat": "wan" } ], "hosts": [ { "name": "server", "on": [ { "network": "wan", "address": "10.0.1.80" } ] } ], "dns": true, "seed": 7 }""",
            t => json = t.Describe())();
        Reading("""
            # a comment
            networks:
              - name: home
                conditions: { delay: 5, loss: 1.5 }
              - name: &wan wan
                subnet6: fd01::/64
                mtu: 1400
                conditions: 5g
            routers:
              - { name: gw, on: [home, *wan], nat: *wan }
            hosts:
              - name: "server"
                on:
                  - network: wan
                    address: 10.0.1.80
            dns: true
            seed: 7
            """, t => yaml = t.Describe(), ".yml")();
        yaml.Should().Be(json).And.Contain("10.0.1.80").And.Contain("1.5 % loss");
    }

    [Fact]
    public void All_that_a_file_may_say_is_read()
    {
        string text = "";
        Reading("""
            {
              // comments may be
              "networks": [ { "name": "home", "subnet": "192.168.1.0/24", "conditions": { "delay": 5, "loss": 1 } }, { "name": "internet", "subnet6": "fd01::/64", "mtu": 1400 } ],
              "routers": [ { "name": "gateway", "on": ["home", "internet"], "nat": "internet" } ],
              "hosts": [
                { "name": "laptop", "on": [ "home" ] },
                { "name": "server", "on": [ { "network": "internet", "address": "10.0.1.80", "conditions": "lte" } ], "dnsNames": ["api.example.com"], "routes": { "10.9.0.0/16": "10.0.1.1" } }
              ],
              "regions": { "eu": ["laptop"], "us": ["server"] }, "regionDelays": [ { "between": ["eu", "us"], "ms": 40 } ], "testHost": "me", "seed": 7, "dns": true,
            }
            """, t => text = t.Describe())();
        foreach (string said in (string[])["192.168.1.0/24", "5 ms, 1 % loss", "1400", "fd01::", "gateway", "laptop", "10.0.1.80", "api.example.com", "10.9.0.0/16", "me", "40 ms", "30 Mbit/s"])
            text.Should().Contain(said);
    }

    private static Action Reading(string text, Action<Topology>? use = null, string extension = ".json") => () =>
    {
        string file = Path.Combine(Path.GetTempPath(), $"nsfixture-{Guid.NewGuid():N}{extension}");
        try
        {
            File.WriteAllText(file, text);
            Topology topology = TopologyFile.Read(file);
            use?.Invoke(topology);
        }
        finally
        {
            File.Delete(file);
        }
    };
}
