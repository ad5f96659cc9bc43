import Foundation
import Support
import Testing

/// A client in another language, written from docs/wire-protocol.md alone, against the real programs.
@Suite struct PythonClientTests {
    /// What client.py prints.
    private struct Report: Decodable {
        struct Answer: Decodable, Equatable {
            var kind: Int
            var version: Int?
            var answer: String?
            var rejection: String?
            var rejected: Int?
            var prompt_tokens: Int?
            var completion_tokens: Int?
            var model: String?
            var problem: String?
        }

        struct Refused: Decodable, Equatable {
            var kind: Int
            var correlation: UInt64?
            var code: String?
            var explained: Bool?
        }

        var models: [String]
        var choice: Answer
        var choice_again: Answer
        var text: Answer
        var text_again: Answer
        var refused: [String: Refused]
        var afterwards: Answer
        var afterwards_by_another: Answer
    }

    private static let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("client.py").path

    /// Codes of the transport's refusals, and whether they name the request.
    private static let expected: [String: (code: String, namesRequest: Bool)] = [
        "no_hello": ("hello-first", false), "hello_of_another_version": ("version", false),
        "frame_of_another_version": ("version", false), "not_messagepack": ("malformed", false),
        "half_a_frame": ("malformed", false), "not_a_frame": ("malformed", false), "oversized": ("oversized", false),
        "unknown_kind": ("unknown-kind", true), "kind_of_another_service": ("unknown-kind", true),
        "malformed_body": ("malformed", true), "body_of_a_newer_version": ("malformed", true),
        "no_seeds": ("malformed", true),
    ]

    @Test(.timeLimit(.minutes(2)))
    func aClientInPythonIsServedAndItsRubbishRefusedAndTheGatewayGoesOn() async throws {
        let python = try #require(
            ProcessInfo.processInfo.environment["GENSIM_PYTHON"],
            "GENSIM_PYTHON must name a Python with pyzmq and msgpack: run the tests by Scripts/test")
        let services = try Services()
        do {
            let endpoint = try await services.start()
            let ending = try await services.run(python, [Self.script, endpoint])
            try #require(ending.status == .exited(0), "\(ending.errors)")
            try check(try JSONDecoder().decode(Report.self, from: Data(ending.output.utf8)))
            #expect(services.areRunning)
        } catch {
            await services.stop()
            throw error
        }
        await services.stop()
    }

    private func check(_ report: Report) throws {
        #expect(report.models == ["emulator"])
        let choice = try #require(report.choice.answer, "\(report.choice)")
        #expect(["no", "yes"].contains(choice))
        #expect(report.choice.rejection == "" && report.choice.rejected == 0)
        #expect((report.choice.prompt_tokens ?? 0) > 0 && report.choice.model == "emulator")
        #expect(report.choice_again == report.choice)
        let text = try #require(report.text.answer, "\(report.text)")
        #expect(text.count > 10)
        #expect(report.text_again == report.text)
        #expect(Set(report.refused.keys) == Set(Self.expected.keys))
        for (name, expected) in Self.expected {
            let refused = try #require(report.refused[name])
            #expect(refused.code == expected.code, "\(name)")
            #expect((refused.correlation != 0) == expected.namesRequest, "\(name)")
            #expect(refused.explained == true, "\(name)")
        }
        for answer in [report.afterwards, report.afterwards_by_another] {
            #expect(["no", "yes"].contains(answer.answer), "\(answer)")
        }
        // The same call by somebody else: answered from what is kept.
        #expect(report.afterwards == report.afterwards_by_another)
    }
}
