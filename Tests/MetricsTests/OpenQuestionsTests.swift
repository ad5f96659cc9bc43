import Metrics
import Support
import Testing

@Suite struct OpenQuestionsTests {
    @Test func whatTheLoopDidNotGetToIsAnsweredAtItsEnd() {
        let questions = OpenQuestions<Int>()
        let answers = Guarded<[Int]>([])
        func ask() -> Bool { questions.add { answer in answers.withLock { $0.append(answer) } } }
        #expect(ask())
        #expect(ask())
        questions.answer { 1 }
        questions.answer { 2 }
        #expect(ask())
        questions.close { 3 }
        #expect(!ask())
        #expect(answers.withLock { $0 } == [1, 1, 3])
    }
}
