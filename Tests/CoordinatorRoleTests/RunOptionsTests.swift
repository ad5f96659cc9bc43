import ArgumentParser
import Testing

@testable import CoordinatorRole

@Suite struct RunOptionsTests {
    /// The message of the error that the arguments cause; nil when they are in order.
    private func complaint(_ arguments: [String]) -> String? {
        do {
            _ = try CoordinatorCommand.parseAsRoot(["run"] + arguments)
            return nil
        } catch {
            return CoordinatorCommand.message(for: error)
        }
    }

    @Test func aConfigurationWithServersIsInOrder() {
        #expect(complaint(["c.yaml", "--llm", "emulator"]) == nil)
        #expect(complaint(["c.yaml", "--llm", "http://a:1", "--llm", "http://b:1", "--embedding", "http://c"]) == nil)
        #expect(complaint(["c.yaml", "--local-models", "models"]) == nil)
        #expect(complaint(["--resume", "runs/a"]) == nil)
        #expect(complaint(["c.yaml", "--llm", "emulator", "--emulator-args", "--policy max"]) == nil)
        #expect(complaint(["c.yaml", "--sockets", "/run/gensim"]) == nil)
        #expect(complaint(["--resume", "runs/a", "--service-args", "agent-host --memory-bytes 1"]) == nil)
    }

    @Test(
        arguments: [
            ([], "--resume DIR"), (["c.yaml", "--resume", "runs/a"], "--resume DIR"),
            (["c.yaml"], "--llm emulator"), (["c.yaml", "--llm", "localhost:80"], "localhost:80"),
            (["c.yaml", "--llm", "emulator", "--llm", "http://a"], "stands alone"),
            (["c.yaml", "--local-models", "m", "--llm", "http://a"], "--local-models"),
            (["c.yaml", "--llm", "emulator", "--hosts", "0"], "--hosts"),
            (["c.yaml", "--llm", "emulator", "--lease", "0"], "--lease"),
            (["c.yaml", "--llm", "emulator", "--lease", "601"], "--lease"),
            (["c.yaml", "--llm", "emulator", "--rounds", "0"], "--rounds"),
            (["c.yaml", "--llm", "emulator", "--rounds", "1000001"], "--rounds"),
            (["c.yaml", "--llm", "emulator", "--partitions", "70000"], "--partitions"),
            (["c.yaml", "--llm", "http://a", "--emulator-args", "--policy max"], "--emulator-args needs"),
            (["c.yaml", "--llm", "emulator", "--service-args", "--memory-bytes 1"], "--service-args begins"),
            (["c.yaml", "--llm", "emulator", "--service-args", ""], "--service-args begins"),
            (["c.yaml", "--sockets", "s", "--service-args", "recorder --cache-bytes 1"], "leave out --service-args"),
            (["c.yaml", "--llm", "emulator", "--frobnicate"], "frobnicate"),
        ] as [([String], String)])
    func wrongArgumentsAreNamed(arguments: [String], word: String) throws {
        let message = try #require(complaint(arguments))
        #expect(message.contains(word))
    }

    @Test func otherServersNeverGetTheKeyOfTheFormer() throws {
        let before = RunFile.Servers(llm: ["https://a"], embedding: "http://e", keyFile: "/key")
        let arguments = ["--resume", "runs/a", "--llm", "https://b"]
        #expect(try RunOptions.parse(arguments).servers(before: before).keyFile == nil)
        #expect(try RunOptions.parse(arguments + ["--llm-key-file", "/new"]).servers(before: before).keyFile == "/new")
        #expect(try RunOptions.parse(["--resume", "runs/a"]).servers(before: before).keyFile == "/key")
    }

    @Test(
        arguments: [
            ["--seed", "1"], ["--agents", "9"], ["--partitions", "4"], ["--model", "m"], ["--embedding-model", "m"],
            ["--run-dir", "x"], ["--dry-run"],
        ])
    func whatIsFixedWhenARunStartsIsRefusedOnResume(arguments: [String]) throws {
        let message = try #require(complaint(["--resume", "runs/a"] + arguments))
        #expect(message.contains(arguments[0]) && message.contains("fixed"))
    }

    @Test func furtherArgumentsGoToTheServiceThatTheyName() throws {
        let arguments = ["recorder --a 1", "agent-host --b", "recorder --c=2"].flatMap { ["--service-args", $0] }
        let options = try RunOptions.parse(["--resume", "r"] + arguments)
        #expect(options.argumentsOfServices == ["recorder": ["--a", "1", "--c=2"], "agent-host": ["--b"]])
    }

    @Test func wrongUsageHasTheExitCodeOfUsage() throws {
        do {
            _ = try CoordinatorCommand.parseAsRoot(["run", "--nonsense"])
            Issue.record("accepted")
        } catch {
            #expect(CoordinatorCommand.exitCode(for: error).rawValue == 64)
        }
    }

    @Test func serversOfAnEarlierStartStayUnlessGivenAnew() throws {
        let before = RunFile.Servers(llm: ["http://a"], embedding: "http://b", emulatorArguments: ["--seed", "1"])
        func servers(_ arguments: [String]) throws -> RunFile.Servers {
            try #require(try CoordinatorCommand.parseAsRoot(["run", "--resume", "r"] + arguments) as? RunCommand)
                .options.servers(before: before)
        }
        #expect(try servers([]) == before)
        #expect(try servers(["--llm", "http://c"]).llm == ["http://c"])
        #expect(try servers(["--llm", "http://c"]).embedding == "http://b")
        #expect(try servers(["--llm", "emulator"]).embedding == nil)
        #expect(try servers(["--embedding", "http://d"]).embedding == "http://d")
    }
}
