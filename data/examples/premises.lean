/-! Short proofs that name the library lemmas they use, to measure how well premises are found
(`prove recall data/examples/premises.lean`). One tactic a line. -/

theorem length_swap (xs ys : List Nat) : (xs ++ ys).length = (ys ++ xs).length := by
  rw [List.length_append]
  rw [List.length_append]
  rw [Nat.add_comm]

theorem reverse_twice_append (xs ys : List α) : (xs.reverse ++ ys).reverse = ys.reverse ++ xs := by
  rw [List.reverse_append]
  rw [List.reverse_reverse]

theorem map_twice (f : β → γ) (g : α → β) (xs : List α) : (xs.map g).map f = xs.map (f ∘ g) := by
  rw [List.map_map]

theorem map_reversed (f : α → β) (xs : List α) : xs.reverse.map f = (xs.map f).reverse := by
  rw [List.map_reverse]

theorem length_mapped (f : α → β) (xs ys : List α) : ((xs ++ ys).map f).length = xs.length + ys.length := by
  rw [List.length_map]
  rw [List.length_append]

theorem mem_either (x : α) (xs ys : List α) (h : x ∈ xs) : x ∈ ys ++ xs := by
  rw [List.mem_append]
  exact Or.inr h

theorem mem_turned (x : α) (xs : List α) (h : x ∈ xs) : x ∈ xs.reverse := by
  exact List.mem_reverse.mpr h

theorem mem_image (f : α → β) (x : α) (xs : List α) (h : x ∈ xs) : f x ∈ xs.map f := by
  exact List.mem_map_of_mem h

theorem filter_shorter (p : α → Bool) (xs : List α) : (xs.filter p).length ≤ xs.length := by
  exact List.length_filter_le p xs

theorem filter_append_two (p : α → Bool) (xs ys : List α) : (xs ++ ys).filter p = xs.filter p ++ ys.filter p := by
  exact List.filter_append xs ys

theorem take_and_drop (n : Nat) (xs : List α) : xs.take n ++ xs.drop n = xs := by
  exact List.take_append_drop n xs

theorem take_is_short (n : Nat) (xs : List α) : (xs.take n).length = min n xs.length := by
  rw [List.length_take]

theorem drop_is_short (n : Nat) (xs : List α) : (xs.drop n).length = xs.length - n := by
  rw [List.length_drop]

theorem copies (n : Nat) (a : α) : (List.replicate n a).length = n := by
  rw [List.length_replicate]

theorem fold_two (f : β → α → β) (b : β) (xs ys : List α) : (xs ++ ys).foldl f b = ys.foldl f (xs.foldl f b) := by
  rw [List.foldl_append]

theorem fold_right_two (f : α → β → β) (b : β) (xs ys : List α) : (xs ++ ys).foldr f b = xs.foldr f (ys.foldr f b) := by
  rw [List.foldr_append]

theorem zip_short (xs : List α) (ys : List β) : (xs.zip ys).length = min xs.length ys.length := by
  rw [List.length_zip]

theorem flatten_two (xs ys : List (List α)) : (xs ++ ys).flatten = xs.flatten ++ ys.flatten := by
  rw [List.flatten_append]

theorem append_left_same (xs ys zs : List α) (h : xs ++ ys = xs ++ zs) : ys = zs := by
  exact List.append_cancel_left h

theorem nothing_left (xs : List α) (h : xs.length = 0) : xs = [] := by
  exact List.eq_nil_of_length_eq_zero h

theorem sub_of_sublist (xs ys : List α) (h : xs.Sublist ys) : xs.length ≤ ys.length := by
  exact h.length_le

theorem perm_same_length (xs ys : List α) (h : xs.Perm ys) : xs.length = ys.length := by
  exact h.length_eq

theorem range_short (n : Nat) : (List.range n).length = n := by
  rw [List.length_range]

theorem in_range (m n : Nat) (h : m < n) : m ∈ List.range n := by
  rw [List.mem_range]
  exact h

theorem mul_mono (a b c d : Nat) (h : a ≤ b) (k : c ≤ d) : a * c ≤ b * d := by
  exact Nat.mul_le_mul h k

theorem mul_mono_left (a b c : Nat) (h : a ≤ b) : c * a ≤ c * b := by
  exact Nat.mul_le_mul_left c h

theorem add_mono (a b c d : Nat) (h : a ≤ b) (k : c ≤ d) : a + c ≤ b + d := by
  exact Nat.add_le_add h k

theorem square_mono (a b : Nat) (h : a ≤ b) : a ^ 2 ≤ b ^ 2 := by
  exact Nat.pow_le_pow_left h 2

theorem power_mono (a m n : Nat) (h : m ≤ n) (p : 0 < a) : a ^ m ≤ a ^ n := by
  exact Nat.pow_le_pow_right p h

theorem power_split (a m n : Nat) : a ^ (m + n) = a ^ m * a ^ n := by
  rw [Nat.pow_add]

theorem power_power (a m n : Nat) : a ^ (m * n) = (a ^ m) ^ n := by
  rw [Nat.pow_mul]

theorem power_next (a n : Nat) : a ^ (n + 1) = a * a ^ n := by
  rw [Nat.pow_succ]
  rw [Nat.mul_comm]

theorem distribute (a b c : Nat) : a * (b + c) = a * b + a * c := by
  rw [Nat.mul_add]

theorem three_factors (a b c : Nat) : a * b * c = a * (c * b) := by
  rw [Nat.mul_assoc]
  rw [Nat.mul_comm b c]

theorem sub_then_add (a b : Nat) (h : b ≤ a) : a - b + b = a := by
  exact Nat.sub_add_cancel h

theorem sub_split (a b c : Nat) : a - (b + c) = a - b - c := by
  rw [Nat.sub_add_eq]

theorem divides_sum (a b c : Nat) (h : a ∣ b) (k : a ∣ c) : a ∣ b + c := by
  exact Nat.dvd_add h k

theorem divides_on (a b c : Nat) (h : a ∣ b) (k : b ∣ c) : a ∣ c := by
  exact Nat.dvd_trans h k

theorem divides_product (a b c : Nat) (h : a ∣ c) : a ∣ b * c := by
  exact Nat.dvd_mul_left_of_dvd h b

theorem divides_both (a b : Nat) (h : a ∣ b) (k : b ∣ a) : a = b := by
  exact Nat.dvd_antisymm h k

theorem no_remainder (a b : Nat) (h : a ∣ b) : b % a = 0 := by
  exact Nat.mod_eq_zero_of_dvd h

theorem gcd_turned (a b : Nat) : Nat.gcd a b = Nat.gcd b a := by
  rw [Nat.gcd_comm]

theorem gcd_divides (a b : Nat) : Nat.gcd a b ∣ a := by
  exact Nat.gcd_dvd_left a b

theorem gcd_greatest (a b d : Nat) (h : d ∣ a) (k : d ∣ b) : d ∣ Nat.gcd a b := by
  exact Nat.dvd_gcd h k

theorem gcd_lcm (a b : Nat) : Nat.gcd a b * Nat.lcm a b = a * b := by
  rw [Nat.gcd_mul_lcm]

theorem coprime_cancel (a b c : Nat) (h : Nat.Coprime a b) (k : a ∣ b * c) : a ∣ c := by
  exact h.dvd_of_dvd_mul_left k

theorem remainder_small (a b : Nat) (h : 0 < b) : a % b < b := by
  exact Nat.mod_lt a h

theorem remainder_sum (a b n : Nat) : (a + b) % n = (a % n + b % n) % n := by
  rw [Nat.add_mod]

theorem remainder_twice (a n : Nat) : a % n % n = a % n := by
  rw [Nat.mod_mod]

theorem division (a b : Nat) : b * (a / b) + a % b = a := by
  exact Nat.div_add_mod a b

theorem quotient_of_product (a b : Nat) (h : 0 < b) : a * b / b = a := by
  exact Nat.mul_div_cancel a h

theorem quotient_mono (a b c : Nat) (h : a ≤ b) : a / c ≤ b / c := by
  exact Nat.div_le_div_right h

theorem max_turned (a b : Nat) : max a b = max b a := by
  rw [Nat.max_comm]

theorem below_max (a b c : Nat) (h : a ≤ c) (k : b ≤ c) : max a b ≤ c := by
  exact Nat.max_le.mpr ⟨h, k⟩

theorem above_min (a b : Nat) : min a b ≤ b := by
  exact Nat.min_le_right a b

theorem zero_product (a b : Nat) (h : a * b = 0) : a = 0 ∨ b = 0 := by
  exact Nat.mul_eq_zero.mp h

theorem cancel_product (a b c : Nat) (p : 0 < a) (h : a * b = a * c) : b = c := by
  exact Nat.eq_of_mul_eq_mul_left p h

theorem int_negated_sum (a b : Int) : -(a + b) = -a + -b := by
  rw [Int.neg_add]

theorem int_difference (a b : Int) : -(a - b) = b - a := by
  rw [Int.neg_sub]

theorem int_halves (a : Int) : a / 2 * 2 ≤ a := by
  exact Int.ediv_mul_le a (by decide)

theorem int_product_signs (a b : Int) (h : 0 ≤ a) (k : 0 ≤ b) : 0 ≤ a * b := by
  exact Int.mul_nonneg h k

theorem int_mono (a b c : Int) (h : a ≤ b) (k : 0 ≤ c) : a * c ≤ b * c := by
  exact Int.mul_le_mul_of_nonneg_right h k

theorem int_size (a b : Int) : (a * b).natAbs = a.natAbs * b.natAbs := by
  rw [Int.natAbs_mul]

theorem int_divides (a b c : Int) (h : a ∣ b) (k : a ∣ c) : a ∣ b - c := by
  exact Int.dvd_sub h k

theorem int_sign (a : Int) : a.sign * a.natAbs = a := by
  exact Int.sign_mul_natAbs a

theorem not_either (p q : Prop) (h : ¬(p ∨ q)) : ¬p ∧ ¬q := by
  exact not_or.mp h

theorem not_some (p : α → Prop) (h : ¬∃ x, p x) : ∀ x, ¬p x := by
  exact not_exists.mp h

theorem same_parts (p q r : Prop) (h : q ↔ r) : (p ∧ q) ↔ (p ∧ r) := by
  exact and_congr_right fun _ => h

theorem and_turned (p q : Prop) : (p ∧ q) ↔ (q ∧ p) := by
  exact and_comm

theorem or_grouped (p q r : Prop) : ((p ∨ q) ∨ r) ↔ (p ∨ (q ∨ r)) := by
  exact or_assoc

theorem choose_side (p : Prop) [Decidable p] (a b : α) (h : p) : (if p then a else b) = a := by
  exact if_pos h

theorem option_twice (f : β → γ) (g : α → β) (o : Option α) : (o.map g).map f = o.map (f ∘ g) := by
  rw [Option.map_map]

theorem array_pushed (xs : Array α) (x : α) : (xs.push x).size = xs.size + 1 := by
  rw [Array.size_push]

theorem array_list (xs : List α) : xs.toArray.toList = xs := by
  rw [List.toList_toArray]

theorem string_joined (s t : String) : (s ++ t).length = s.length + t.length := by
  rw [String.length_append]

theorem bit_and (n : Nat) : n &&& 0 = 0 := by
  rw [Nat.and_zero]

theorem halving (n k : Nat) : n >>> k = n / 2 ^ k := by
  rw [Nat.shiftRight_eq_div_pow]
