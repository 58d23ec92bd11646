inductive Tree where
  | leaf : Tree
  | node : Tree → Nat → Tree → Tree

def mirror : Tree → Tree
  | .leaf => .leaf
  | .node l x r => .node (mirror r) x (mirror l)

def size : Tree → Nat
  | .leaf => 0
  | .node l _ r => size l + 1 + size r
